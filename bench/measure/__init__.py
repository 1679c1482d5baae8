"""What bench/compare measures, one file per kind. Each test is a function of a Bench and says which servers it is for."""
