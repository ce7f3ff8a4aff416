// An identity provider in the test: SimpleSAMLphp from Debian, with a configuration folder of its own, on PHP's own web
// server. It stands on "localhost", the hub on 127.0.0.1: for the browser these are two sites.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const kRoot = '/usr/share/simplesamlphp';

export const scope = 'uchile.example';
export const person = { login: 'ana', password: 'cuerda y nudo', name: 'Ana Ñandú', eppn: `ana@${scope}` };

/** What is missing of it here, or nothing. */
export function missing() {
  if (!existsSync(join(kRoot, 'www', 'module.php'))) return 'simplesamlphp is not installed (tools/setup test)';
  if (!existsSync('/usr/bin/php')) return 'php-cli is not installed (tools/setup test)';
  return null;
}

export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function php(value) {
  if (Array.isArray(value)) return `[${value.map(php).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    return `[${Object.entries(value).map(([key, each]) => `${/^\d+$/.test(key) ? key : php(key)} => ${php(each)}`).join(', ')}]`;
  }
  return typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(value);
}
const file = (name, value) => `<?php\n$${name} = ${php(value)};\n`;

/** Starts it; `trust` gives it the hub's metadata once the hub has some. */
export async function startProvider(folder, { encrypt }) {
  const port = await freePort();
  const base = `http://localhost:${port}/`;
  for (const name of ['metadata', 'data', 'log', 'temp', 'sessions', 'cert']) mkdirSync(join(folder, name), { recursive: true });
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=idp', '-keyout', join(folder, 'cert', 'idp.key'), '-out', join(folder, 'cert', 'idp.crt')], {
    stdio: 'ignore',
  });
  const configure = (sources) =>
    writeFileSync(
      join(folder, 'config.php'),
      file('config', {
        baseurlpath: base,
        certdir: join(folder, 'cert') + '/',
        loggingdir: join(folder, 'log') + '/',
        datadir: join(folder, 'data') + '/',
        tempdir: join(folder, 'temp'),
        metadatadir: join(folder, 'metadata') + '/',
        attributenamemapdir: '/etc/simplesamlphp/attributemap/',
        'metadata.sources': [{ type: 'flatfile' }, ...sources],
        secretsalt: 'of a test',
        'auth.adminpassword': 'of a test',
        technicalcontact_email: 'na@example.org',
        timezone: 'UTC',
        'enable.saml20-idp': true,
        'logging.handler': 'file',
        'store.type': 'phpsession',
        'session.phpsession.savepath': join(folder, 'sessions'),
        'session.cookie.secure': false,
        'module.enable': { exampleauth: true, core: true, saml: true },
        'language.default': 'es',
        showerrors: true,
      }),
    );
  configure([]);
  writeFileSync(
    join(folder, 'authsources.php'),
    file('config', {
      people: {
        0: 'exampleauth:UserPass',
        [`${person.login}:${person.password}`]: {
          uid: [person.login],
          displayName: [person.name],
          mail: [person.eppn],
          eduPersonPrincipalName: [person.eppn],
          eduPersonScopedAffiliation: [`staff@${scope}`, 'faculty@elsewhere.example'],
          schacHomeOrganization: [scope],
        },
      },
    }),
  );
  writeFileSync(
    join(folder, 'metadata', 'saml20-idp-hosted.php'),
    file('metadata', {
      '__DYNAMIC:1__': {
        host: '__DEFAULT__',
        privatekey: 'idp.key',
        certificate: 'idp.crt',
        auth: 'people',
        scope: [scope],
        'OrganizationName': { es: 'Universidad de Chile', en: 'University of Chile' },
        'OrganizationURL': { es: 'https://uchile.example/' },
        'attributes.NameFormat': 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
        authproc: { 100: { class: 'core:AttributeMap', 0: 'name2oid' } },
        'assertion.encryption': encrypt,
        sharedkey_algorithm: 'http://www.w3.org/2009/xmlenc11#aes128-gcm',
        'validate.authnrequest': true,
      },
    }),
  );
  const child = spawn('php', ['-d', 'display_errors=stderr', '-S', `localhost:${port}`, '-t', join(kRoot, 'www')], {
    env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const exited = new Promise((done) => child.once('exit', done));
  const metadata = async () => {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`php ended:\n${said}`);
      try {
        const response = await fetch(`${base}saml2/idp/metadata.php`);
        const text = await response.text();
        if (!response.ok) throw new Error(`the provider has no metadata (${response.status}):\n${text.slice(0, 2000)}\n${said.slice(-2000)}`);
        return text;
      } catch (error) {
        if (error.cause?.code !== 'ECONNREFUSED') throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  };
  return {
    base,
    metadata: await metadata(),
    said: () => said,
    trust(text) {
      writeFileSync(join(folder, 'hub.xml'), text);
      configure([{ type: 'xml', file: join(folder, 'hub.xml') }]);
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
