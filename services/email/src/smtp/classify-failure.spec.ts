import { describe, expect, test } from 'vitest';
import { classifyFailure, type SmtpFailure } from './classify-failure.ts';

const answer = (command: string, response: string): SmtpFailure => ({
  code: command === 'CONN' ? 'EPROTOCOL' : response.startsWith('535') ? 'EAUTH' : 'EENVELOPE',
  command,
  response,
  responseCode: Number(response.slice(0, 3)),
});

describe('a permanent rejection of the mail', () => {
  test.each([
    ['RCPT TO', '550 no such user'],
    ['RCPT TO', '550 5.1.1 no such user'],
    ['RCPT TO', '550-5.1.1 The email account that you tried to reach does not exist.'],
    ['RCPT TO', '551 user not local'],
    ['RCPT TO', '552 5.2.2 mailbox full'],
    ['RCPT TO', '553 5.1.3 bad address syntax'],
    ['RCPT TO', '554 5.2.1 mailbox disabled'],
    ['RCPT TO', '556 5.1.10 the domain takes no mail'],
    ['RCPT TO', '501 5.1.3 bad address syntax'],
    ['DATA', '554 transaction failed'],
    ['DATA', '552 5.3.4 message too big'],
    ['DATA', '550 5.6.0 content not supported'],
    ['MAIL FROM', '552 5.3.4 message too big'],
  ])('is the response to %s: %s', (command, response) => {
    expect(classifyFailure(answer(command, response))).toBe('refused');
  });

  test('is an address that nodemailer considers invalid', () => {
    expect(classifyFailure({ code: 'EENVELOPE', command: 'API' })).toBe('refused');
  });
});

describe('a rejection of us', () => {
  test.each([
    ['MAIL FROM', '550 5.7.1 sender not allowed'],
    ['MAIL FROM', '553 sender rejected'],
    ['MAIL FROM', '530 5.7.0 authentication required'],
    ['RCPT TO', '530 authentication required'],
    ['RCPT TO', '550 5.1.8 sender domain not found'],
    ['DATA', '535 5.7.8 authentication failed'],
    ['AUTH PLAIN', '535 authentication failed'],
    ['RCPT TO', '538 encryption required'],
  ])('is the response to %s: %s', (command, response) => {
    expect(classifyFailure(answer(command, response))).toBe('misconfigured');
  });

  test.each(['EAUTH', 'ENOAUTH', 'EOAUTH2', 'EREQUIRETLS', 'ECONFIG'])('is the error %s', (code) => {
    expect(classifyFailure({ code, command: 'API' })).toBe('misconfigured');
  });
});

describe('an unclear failure', () => {
  test.each([
    ['RCPT TO', '450 greylisted'],
    ['RCPT TO', '451 4.7.1 try again later'],
    ['RCPT TO', '452 4.2.2 mailbox full'],
    ['RCPT TO', '421 closing'],
    ['RCPT TO', '499 what'],
    ['RCPT TO', '500 unknown command'],
    ['RCPT TO', '501 syntax'],
    ['RCPT TO', '503 bad sequence'],
    ['RCPT TO', '555 parameters not recognised'],
    ['RCPT TO', '554 5.7.1 relay access denied'],
    ['RCPT TO', '550 5.7.1 blocked, see our list'],
    ['RCPT TO', '550 5.4.1 no route'],
    ['RCPT TO', '550 5.3.2 system not accepting messages'],
    ['DATA', '550 5.5.2 protocol error'],
    ['DATA', '599 what'],
    ['DATA', '250 as if it were fine'],
    ['CONN', '554 no SMTP service here'],
    ['EHLO', '550 go away'],
  ])('is the response to %s: %s', (command, response) => {
    expect(classifyFailure(answer(command, response))).toBe('unclear');
  });

  test.each([
    'ECONNECTION',
    'ESOCKET',
    'ETIMEDOUT',
    'EDNS',
    'ETLS',
    'EPROTOCOL',
    'ESTREAM',
    'EABORT',
    'EPROXY',
    '',
  ])('is the error %j', (code) => {
    expect(classifyFailure({ code, command: 'CONN' })).toBe('unclear');
  });

  test('is a connection that was lost after a rejection', () => {
    const last = { code: 'ECONNECTION', command: 'CONN', responseCode: 554, response: '554 go away' };
    expect(classifyFailure(last)).toBe('unclear');
  });

  test('is an error without any details', () => {
    expect(classifyFailure({})).toBe('unclear');
  });
});
