"""Whole servers in the simulated world: many seeds, none may break a promise."""
import os
import unittest

from harness import PABAL, run

SEEDS = int(os.environ.get("PABAL_SIMULATION_SEEDS", 2000))
SIMULATION = os.path.join(os.path.dirname(PABAL), "tests", "pabal_simulation")


@unittest.skipUnless(os.path.exists(SIMULATION), f"{SIMULATION} is not built")
class Simulation(unittest.TestCase):
    def test_every_seed_keeps_the_promises_and_all_states_are_reached(self):
        done = run([SIMULATION, "--seeds", str(SEEDS), "--marks"], timeout=3000, check=False)
        self.assertEqual(done.returncode, 0, done.text + done.error)
        self.assertIn(f"{SEEDS} runs, ", done.text)

    def test_the_same_seed_is_the_same_run(self):
        for seed in range(10):
            run([SIMULATION, "--seed", str(seed), "--replay"])
