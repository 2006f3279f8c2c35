import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { whileStopped } from '../src/process/stopped.ts';

describe.skipIf(process.platform === 'win32')('a stopped process', () => {
  const start = () => spawn(process.execPath, ['-e', 'setInterval(() => process.stdout.write("."), 5)']);

  test('does nothing meanwhile, and continues afterwards', async () => {
    const child = start();
    await once(child.stdout, 'data');
    let wrote = 0;
    await whileStopped(child.pid ?? 0, async () => {
      child.stdout.resume();
      await new Promise((resolve) => setTimeout(resolve, 50)); // what it wrote before arrives
      child.stdout.on('data', () => {
        wrote += 1;
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(wrote).toBe(0);
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
  });

  test('that ends meanwhile leads to the error of the work, not to one about the process', async () => {
    const child = start();
    await once(child.stdout, 'data');
    const work = async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
      throw new Error('the connection was lost');
    };
    await expect(whileStopped(child.pid ?? 0, work)).rejects.toThrow('the connection was lost');
  });
});
