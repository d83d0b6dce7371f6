import { type Meanings, withDefaults } from './argo-arguments.ts';
import type { Ledger } from './ledger.ts';
import { isAddress, type MetricSources, type SourceSettings } from './metric-sources.ts';
import type { Located } from './source-document.ts';

const KNOWN = ['address', 'query', 'rangeQuery', 'timeout', 'insecure', 'headers', 'authentication'];

/**
 * The name of the ClusterMetricSource that a Prometheus provider of Argo Rollouts means; undefined for the one
 * that is called default. The server itself is proposed to the administrator.
 */
export function translateSource(
  provider: Located,
  meanings: Meanings,
  sources: MetricSources,
  ledger: Ledger,
): string | undefined {
  ledger.refuseOthers(provider, KNOWN);
  const address = provider.at('address');
  const settings = addressOf(address, meanings, ledger);
  if (!settings) return undefined;
  const comments: string[] = [];
  const timeout = provider.at('timeout').text();
  // Argo waits 30 s where it says nothing.
  settings.timeout = `${Number(timeout ?? 30) || 30}s`;
  if (provider.at('insecure').value === true) settings.tls = { insecureSkipVerify: true };
  const headers = headersOf(provider.at('headers'), meanings, settings, comments, ledger);
  if (Object.keys(headers).length > 0) settings.headers = headers;
  authenticate(provider.at('authentication'), meanings, settings, comments, ledger);
  const name = sources.nameOf(settings, comments);
  ledger.changed(address, `the address is in the ClusterMetricSource ${name}, and the metric names that`);
  return name;
}

function addressOf(address: Located, meanings: Meanings, ledger: Ledger): SourceSettings | undefined {
  if (!address.isSet) return undefined;
  const text = address.text() ?? '';
  const filled = withDefaults(text, meanings);
  if (filled !== undefined && isAddress(filled)) return { address: filled.replace(/\/+$/, '') };
  ledger.refused(
    address,
    'is no address by itself, so the metric asks the source that is called default: create a ClusterMetricSource and name it in `source`',
  );
  return undefined;
}

function headersOf(
  headers: Located,
  meanings: Meanings,
  settings: SourceSettings,
  comments: string[],
  ledger: Ledger,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const header of headers.items()) {
    const [name, value] = [header.at('key').text() ?? '', header.at('value').text() ?? ''];
    const [, argument] = /^Bearer\s+\{\{\s*args\.([^{}\s]+)\s*\}\}$/.exec(value) ?? [];
    const secret = argument === undefined ? undefined : meanings.get(argument);
    const filled = withDefaults(value, meanings);
    if (name.toLowerCase() === 'authorization' && secret?.kind === 'secret') {
      settings.auth = { bearer: { token: { name: secret.name, key: secret.key } } };
      comments.push(copySecret(secret.name));
      ledger.changed(header, `becomes auth.bearer of the source, from the Secret ${secret.name}`);
    } else if (name.toLowerCase() === 'authorization' || filled === undefined) {
      ledger.refused(
        header,
        'a credential or an argument without a default cannot stand in a header: use auth.bearer or auth.basic of the source',
      );
    } else {
      result[name] = filled;
      ledger.translated(header, `the header ${name} is sent by the source`);
    }
  }
  return result;
}

function authenticate(
  authentication: Located,
  meanings: Meanings,
  settings: SourceSettings,
  comments: string[],
  ledger: Ledger,
): void {
  const basic = authentication.at('basicAuth');
  const oauth2 = authentication.at('oauth2');
  const sigv4 = authentication.at('sigv4');
  if (basic.at('username').isSet) {
    const username = withDefaults(basic.at('username').text() ?? '', meanings);
    if (username === undefined) {
      ledger.refused(
        basic.at('username'),
        'the user name must be known: write it into auth.basic of the source',
      );
    } else {
      const password = secretFor(basic.at('password'), meanings, settings, 'password', comments);
      settings.auth = { basic: { username, password } };
      ledger.changed(
        basic,
        `becomes auth.basic of the source, with the password from the Secret ${password.name}`,
      );
    }
  }
  if (oauth2.at('tokenUrl').isSet || oauth2.at('tokenURL').isSet) {
    const url = oauth2.at('tokenUrl').text() ?? oauth2.at('tokenURL').text() ?? '';
    const clientId = withDefaults(oauth2.at('clientId').text() ?? '', meanings);
    if (clientId === undefined || !isAddress(url)) {
      ledger.refused(
        oauth2,
        'token URL and client id must be known: write them into auth.oauth2 of the source',
      );
    } else {
      const clientSecret = secretFor(
        oauth2.at('clientSecret'),
        meanings,
        settings,
        'client-secret',
        comments,
      );
      const scopes = oauth2
        .at('scopes')
        .items()
        .flatMap((scope) => scope.text() ?? []);
      settings.auth = {
        oauth2: { tokenUrl: url, clientId, clientSecret, ...(scopes.length > 0 && { scopes }) },
      };
      ledger.changed(oauth2, `becomes auth.oauth2 of the source, with the Secret ${clientSecret.name}`);
    }
  }
  if (sigv4.isSet && sigv4.keys().length > 0) {
    ledger.refused(
      sigv4,
      'AWS signatures are not supported: put a signing proxy such as aws-sigv4-proxy before the server',
    );
  }
}

/** A password as a key of a Secret: the one it came from, or one that must be made. */
function secretFor(
  field: Located,
  meanings: Meanings,
  settings: SourceSettings,
  key: string,
  comments: string[],
): { name: string; key: string } {
  const [, argument] = /^\{\{\s*args\.([^{}\s]+)\s*\}\}$/.exec(field.text() ?? '') ?? [];
  const meaning = argument === undefined ? undefined : meanings.get(argument);
  if (meaning?.kind === 'secret') {
    comments.push(copySecret(meaning.name));
    return { name: meaning.name, key: meaning.key };
  }
  const name = `${new URL(settings.address).hostname.split('.')[0]}-credentials`;
  comments.push(
    `Create the Secret ${name} with the key ${key} in the controller's namespace; a credential in plain text is not copied.`,
  );
  return { name, key };
}

function copySecret(name: string): string {
  return `Copy the Secret ${name} into the controller's namespace: Secrets are read from there only.`;
}
