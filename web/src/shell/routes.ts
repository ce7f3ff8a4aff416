// Every address of the portal, in the order in which they are tried; each page is a chunk that is loaded when opened.

import { kKinds } from '../api/types';
import type { Page, Route } from '../lib/router.svelte';

const lazy = (pattern: string, load: () => Promise<unknown>): Route => ({ pattern, load: load as () => Promise<Page> });

const kinds = kKinds.filter((kind) => kind !== 'links' && kind !== 'sites');

export const routes: Route[] = [
  lazy('/', () => import('../home/Home.svelte')),
  lazy('/links', () => import('../registry/Kind.svelte')),
  lazy('/links/:id', () => import('../registry/Link.svelte')),
  lazy('/sites', () => import('../registry/Kind.svelte')),
  lazy('/sites/:id', () => import('../registry/Site.svelte')),
  ...kinds.flatMap((kind) => [
    lazy(`/${kind}`, () => import('../registry/Kind.svelte')),
    lazy(`/${kind}/:id`, () => import('../registry/Object.svelte')),
  ]),
  lazy('/registry', () => import('../registry/Kinds.svelte')),
  lazy('/new/:kind', () => import('../registry/Edit.svelte')),
  lazy('/edit/:kind/:id', () => import('../registry/Edit.svelte')),
  lazy('/import', () => import('../registry/Import.svelte')),
  lazy('/what-if', () => import('../registry/WhatIf.svelte')),
  lazy('/measure', () => import('../services/measure/Mesh.svelte')),
  lazy('/measure/:from/:to', () => import('../services/measure/Pair.svelte')),
  lazy('/journal', () => import('../journal/Journal.svelte')),
  lazy('/lab', () => import('../lab/Lab.svelte')),
  lazy('/signin', () => import('../access/SignIn.svelte')),
  lazy('/join', () => import('../access/Join.svelte')),
  lazy('/recover', () => import('../access/Recover.svelte')),
  lazy('/me', () => import('../access/Profile.svelte')),
  lazy('/accounts', () => import('../access/Accounts.svelte')),
  lazy('/accounts/:id', () => import('../access/Account.svelte')),
  lazy('/roles', () => import('../access/Roles.svelte')),
  lazy('/audit', () => import('../access/Audit.svelte')),
  lazy('/work', () => import('../desk/Work.svelte')),
  lazy('/cases', () => import('../desk/Cases.svelte')),
  lazy('/cases/new', () => import('../desk/NewCase.svelte')),
  lazy('/cases/statistics', () => import('../desk/Statistics.svelte')),
  lazy('/cases/:number', () => import('../desk/Case.svelte')),
  lazy('/calendar', () => import('../desk/operations/Calendar.svelte')),
  lazy('/maintenance', () => import('../desk/operations/Maintenance.svelte')),
  lazy('/maintenance/new', () => import('../desk/operations/WindowForm.svelte')),
  lazy('/maintenance/:id', () => import('../desk/operations/Window.svelte')),
  lazy('/maintenance/:id/edit', () => import('../desk/operations/WindowForm.svelte')),
  lazy('/availability', () => import('../desk/operations/Availability.svelte')),
  lazy('/outages', () => import('../desk/operations/Outages.svelte')),
  lazy('/outages/:id', () => import('../desk/operations/Outage.svelte')),
  lazy('/on-call', () => import('../desk/operations/OnCall.svelte')),
  lazy('/api', () => import('../house/Api.svelte')),
  lazy('/agents', () => import('../house/Agents.svelte')),
  lazy('/services', () => import('../house/Services.svelte')),
];
