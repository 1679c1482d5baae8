// What a webmail or mobile backend does with imapflow, in one go. The options
// stand in the environment; the last line of the output is what it saw, as JSON.
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';

const { HOST, PORT, SECURE, IMAP_USER, IMAP_PASSWORD, CA } = process.env;
const options = {
  host: HOST,
  port: Number(PORT),
  secure: SECURE === '1',
  auth: { user: IMAP_USER, pass: IMAP_PASSWORD },
  tls: { ca: readFileSync(CA) },
  logger: false,
};
const seen = {};
const client = new ImapFlow({ ...options, qresync: true });
const other = new ImapFlow(options);
const mail = (subject, body) =>
  `From: a@seoul.test\r\nTo: b@seoul.test\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\n` +
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n` +
  `Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(body).toString('base64')}\r\n` +
  `--b\r\nContent-Type: image/png; name=x.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n--b--\r\n`;

await client.connect();
seen.capabilities = [...client.capabilities.keys()];
seen.enabled = [...client.enabled];
seen.special = (await client.list()).filter((box) => box.specialUse).map((box) => box.specialUse).sort();
await client.mailboxCreate(['업무', '2026년']);
seen.created = (await client.list()).map((box) => box.path).filter((path) => path.startsWith('업무'));
const appended = await client.append('업무/2026년', mail('=?utf-8?B?7YyM67Cc?=', '파발이 왔습니다'), ['\\Flagged', '$Work'], new Date(1e12));
seen.appended = appended.uid;
await client.append('업무/2026년', mail('second', 'more'));

const lock = await client.getMailboxLock('업무/2026년');
seen.exists = client.mailbox.exists;
const one = await client.fetchOne('1', {
  uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, size: true, source: true,
  threadId: true,
});
seen.subject = one.envelope.subject;
seen.flags = [...one.flags].sort();
seen.types = one.bodyStructure.childNodes.map((node) => node.type);
seen.date = one.internalDate.toISOString();
seen.same = one.size === one.source.length && one.source.toString() === mail('=?utf-8?B?7YyM67Cc?=', '파발이 왔습니다');
seen.emailId = Boolean(one.emailId);
seen.thread = await client.search({ threadId: one.threadId }, { uid: true });
const { content } = await client.download('1', '1');
const blocks = [];
for await (const block of content) blocks.push(block);
seen.text = Buffer.concat(blocks).toString();
seen.found = await client.search({ subject: '파발' }, { uid: true });
seen.stored = await client.messageFlagsAdd('2', ['\\Seen', 'Later']);
const modseq = client.mailbox.highestModseq;

// Somebody else changes the mailbox; this session hears of it in IDLE.
await other.connect();
const otherLock = await other.getMailboxLock('업무/2026년');
const heard = { exists: null, flags: null, expunge: null };
const all = new Promise((done) => {
  const look = () => Object.values(heard).every((value) => value !== null) && done();
  client.on('exists', ({ count }) => { heard.exists ??= count; look(); });
  client.on('flags', ({ flags }) => { if (flags.has('\\Answered')) heard.flags = [...flags].sort(); look(); });
  client.on('expunge', ({ uid, seq, vanished }) => { heard.expunge ??= { uid: uid ?? null, vanished: Boolean(vanished) }; look(); });
});
const idle = client.idle();
await other.append('업무/2026년', mail('third', 'new'));
await other.messageFlagsAdd('1', ['\\Answered']);
await other.messageDelete('2');
await all;
await client.noop();
await idle;
seen.heard = heard;
otherLock.release();
await other.logout();

const changed = [];
for await (const message of client.fetch('1:*', { uid: true, flags: true }, { changedSince: modseq })) changed.push(message.uid);
seen.changed = changed.sort();
const moved = await client.messageMove('1:*', 'Trash');
seen.moved = [...moved.uidMap.keys()];
lock.release();
seen.trash = (await client.status('Trash', { messages: true })).messages;
await client.mailboxDelete('업무/2026년');
const quota = await client.getQuota();
seen.quota = quota ? quota.path ?? true : false;
await client.logout();
console.log(JSON.stringify(seen));
