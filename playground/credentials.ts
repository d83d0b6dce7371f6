import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Each part has a user of its own, so that the audit log tells who wrote what. */
const users = ['admin', 'playground-controller-manager', 'playground-kubelet', 'playground-ingress'] as const;
export type User = (typeof users)[number];

/** The files by which the API server knows its users, and the users know it. */
export interface Credentials {
  /** CSV of the static tokens, for --token-auth-file. */
  tokensFile: string;
  /** Signs the tokens of ServiceAccounts. */
  signingKeyFile: string;
  /** Checks the tokens of ServiceAccounts. */
  publicKeyFile: string;
  tokens: Record<User, string>;
}

/** Makes new tokens and keys in `dir`. All these users may do everything; others come as ServiceAccounts. */
export async function makeCredentials(dir: string): Promise<Credentials> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const tokens = forEachUser(() => randomBytes(24).toString('hex'));
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const credentials: Credentials = {
    tokensFile: join(dir, 'tokens.csv'),
    signingKeyFile: join(dir, 'service-account.key'),
    publicKeyFile: join(dir, 'service-account.pub'),
    tokens,
  };
  const rows = users.map((user) => `${tokens[user]},${user},${user},system:masters\n`);
  await writePrivate(credentials.tokensFile, rows.join(''));
  await writePrivate(credentials.signingKeyFile, keys.privateKey.export({ type: 'sec1', format: 'pem' }));
  await writePrivate(credentials.publicKeyFile, keys.publicKey.export({ type: 'spki', format: 'pem' }));
  return credentials;
}

/** Writes one kubeconfig a user into `dir`, for the API server at `server` with these certificates to trust. */
export async function writeKubeconfigs(
  dir: string,
  server: string,
  certificateAuthorityPem: string,
  { tokens }: Credentials,
): Promise<Record<User, string>> {
  const files = forEachUser((user) => join(dir, `${user}.kubeconfig`));
  for (const user of users) {
    await writePrivate(
      files[user],
      stringify(kubeconfig(server, certificateAuthorityPem, user, tokens[user])),
    );
  }
  return files;
}

function kubeconfig(server: string, certificateAuthorityPem: string, user: string, token: string): unknown {
  const cluster = 'assay-playground';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: {
          server,
          'certificate-authority-data': Buffer.from(certificateAuthorityPem).toString('base64'),
        },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: cluster, context: { cluster, user } }],
    'current-context': cluster,
  };
}

function forEachUser(make: (user: User) => string): Record<User, string> {
  return Object.fromEntries(users.map((user) => [user, make(user)])) as Record<User, string>;
}

function writePrivate(file: string, content: string | Buffer): Promise<void> {
  return writeFile(file, content, { mode: 0o600 });
}
