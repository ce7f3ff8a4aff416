// An OpenID provider in the test: oidc-provider (certified by the OpenID Foundation), with its own pages to sign in. It is
// fetched once, into build/oidc-provider.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const kVersion = '8.8.1';

export const client = { id: 'quipu', secret: 'a secret of this test alone, long enough' };

/** The library, or what is missing of it here. */
export async function library(root) {
  const folder = join(root, 'build', 'oidc-provider');
  if (!existsSync(join(folder, 'node_modules', 'oidc-provider'))) {
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, `oidc-provider@${kVersion}`], { stdio: 'ignore' });
    } catch {
      return { missing: 'oidc-provider could not be fetched from npm' };
    }
  }
  const resolve = createRequire(join(folder, 'package.json')).resolve;
  return { Provider: (await import(pathToFileURL(resolve('oidc-provider')))).default };
}

/** `hub` is the portal's address. Whoever signs in is who they say. */
export function startOpenId(Provider, port, hub) {
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [`${hub}/api/v1/signin/oidc/callback`], grant_types: ['authorization_code'], response_types: ['code'] }],
    pkce: { required: () => true, methods: ['S256'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'eduperson_principal_name'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@uchile.example`, email_verified: true, name: `Persona ${id}`, eduperson_principal_name: `${id}@uchile.example` }),
    }),
  });
  return new Promise((done) => {
    const server = provider.listen(port, '127.0.0.1', () =>
      done({
        issuer,
        stop: () =>
          new Promise((end) => {
            server.closeAllConnections();
            server.close(end);
          }),
      }),
    );
  });
}
