import { connect } from 'node:net';
import { WireReader } from './wire.js';

/** A key that an agent holds. */
export interface AgentKey {
  readonly publicKey: Buffer;
  readonly comment: string;
}

const requestIdentities = Buffer.from([0, 0, 0, 1, 11]);
const identitiesAnswer = 12;
const longestAnswer = 1 << 20;
const patience = 3_000;

/**
 * Asks an agent what it holds (draft-ietf-sshm-ssh-agent, section 3.5). ssh2's own listing leaves out certificates and
 * FIDO keys, and those are what must be known of beforehand. Signing is left to ssh2.
 *
 * @throws Error where there is no agent, or it does not answer
 */
export function listAgentKeys(path: string): Promise<AgentKey[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let answer: Buffer = Buffer.alloc(0);
    const end = (error: Error | undefined, keys: AgentKey[] = []) => {
      socket.destroy();
      if (error) reject(error);
      else resolve(keys);
    };
    socket.setTimeout(patience, () => end(new Error('the agent does not answer')));
    socket.on('error', end);
    socket.on('close', () => end(new Error('the agent closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4) return;
      const length = answer.readUInt32BE();
      if (length > longestAnswer) return end(new Error('the agent does not speak its protocol'));
      if (answer.length < 4 + length) return;
      try {
        end(undefined, readIdentities(answer.subarray(4, 4 + length)));
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.write(requestIdentities);
  });
}

function readIdentities(answer: Buffer): AgentKey[] {
  const reader = new WireReader(answer);
  if (reader.readByte() !== identitiesAnswer) throw new Error('the agent refused to list its keys (is it locked?)');
  const keys: AgentKey[] = [];
  for (let left = reader.readUint32(); left > 0; left -= 1) {
    keys.push({ publicKey: Buffer.from(reader.readString()), comment: reader.readText() });
  }
  return keys;
}
