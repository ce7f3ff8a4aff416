// WebAuthn's options and answers in their JSON form (Level 3, sections 5.1.8 to 5.1.10), for browsers with and without
// the conversion of their own.

import { ask } from '../api/client';
import type { Ceremony } from './types';

type Json = Record<string, unknown>;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const padded = text.replace(/-/g, '+').replace(/_/g, '/');
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

export function textOf(bytes: ArrayBuffer | null | undefined): string | undefined {
  if (!bytes) return undefined;
  const letters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

const described = (list: unknown): unknown =>
  Array.isArray(list) ? (list as Json[]).map((one) => ({ ...one, id: bytesOf(String(one['id'])) })) : undefined;

export function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const user = json['user'] as Json;
  return {
    ...json,
    challenge: bytesOf(String(json['challenge'])),
    user: { ...user, id: bytesOf(String(user['id'])) },
    excludeCredentials: described(json['excludeCredentials']),
  } as unknown as PublicKeyCredentialCreationOptions;
}

export function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  return {
    ...json,
    challenge: bytesOf(String(json['challenge'])),
    allowCredentials: described(json['allowCredentials']),
  } as unknown as PublicKeyCredentialRequestOptions;
}

/** RegistrationResponseJSON or AuthenticationResponseJSON of what the authenticator answered. */
export function credentialJson(credential: PublicKeyCredential): Json {
  const common = {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
  const response = credential.response;
  if ('attestationObject' in response) {
    const made = response as AuthenticatorAttestationResponse;
    return {
      ...common,
      response: {
        clientDataJSON: textOf(made.clientDataJSON),
        attestationObject: textOf(made.attestationObject),
        transports: made.getTransports?.() ?? [],
        publicKeyAlgorithm: made.getPublicKeyAlgorithm?.(),
        authenticatorData: textOf(made.getAuthenticatorData?.()),
        publicKey: textOf(made.getPublicKey?.()),
      },
    };
  }
  const proven = response as AuthenticatorAssertionResponse;
  return {
    ...common,
    response: {
      clientDataJSON: textOf(proven.clientDataJSON),
      authenticatorData: textOf(proven.authenticatorData),
      signature: textOf(proven.signature),
      userHandle: textOf(proven.userHandle),
    },
  };
}

export const passkeysWork = (): boolean => typeof PublicKeyCredential !== 'undefined' && !!navigator.credentials;

/** True when the reader closed the browser's own dialog, or it timed out: nothing to complain about. */
export const wasCancelled = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError');

/** Signs in by passkey, alone or as the second step of `pending`. False when the reader closed the browser's dialog. */
export async function assertPasskey(pending: string | null): Promise<boolean> {
  const begun = await ask<Ceremony>(
    '/signin/passkey/options',
    {},
    { method: 'POST', body: pending ? { pending } : {} },
  );
  try {
    const publicKey = requestOptions(begun.value.options);
    const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
    if (!credential) return false;
    const body = { ticket: begun.value.ticket, credential: credentialJson(credential) };
    await ask('/signin/passkey', {}, { method: 'POST', body });
    return true;
  } catch (error) {
    if (wasCancelled(error)) return false;
    throw error;
  }
}

/** Registers a passkey of this device or a security key. False when the reader closed the browser's dialog. */
export async function registerPasskey(name: string): Promise<boolean> {
  const begun = await ask<Ceremony>('/factors/passkeys/options', {}, { method: 'POST', body: {} });
  try {
    const publicKey = creationOptions(begun.value.options);
    const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
    if (!credential) return false;
    const body = { ticket: begun.value.ticket, name, credential: credentialJson(credential) };
    await ask('/factors/passkeys', {}, { method: 'POST', body });
    return true;
  } catch (error) {
    if (wasCancelled(error)) return false;
    throw error;
  }
}
