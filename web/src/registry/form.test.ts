import { describe, expect, it } from 'vitest';
import type { Problem, Schema } from '../api/types';
import { faultsAt, fromForm, toForm } from './form';

const schema: Schema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    capacity: { type: 'integer' },
    pop: { type: 'boolean' },
    since: { type: 'string', format: 'date' },
    roles: {
      type: 'array',
      items: { type: 'object', properties: { organisation: { type: 'string' }, role: { type: 'string' } } },
    },
  },
};

describe('forms', () => {
  it('give back the object that they were made of', () => {
    const object = {
      id: 'x',
      capacity: 622_080_000,
      pop: true,
      since: '2011-10-28',
      roles: [{ organisation: 'rnp', role: 'noc' }],
    };
    expect(fromForm(schema, toForm(schema, { ...object, version: 3, changed: 'then', changed_by: 'me' }))).toEqual(
      object,
    );
  });

  it('leave out what is empty', () => {
    expect(fromForm(schema, toForm(schema, { id: 'x' }))).toEqual({ id: 'x', pop: false });
  });

  it('hand text with a unit to the hub, which reads it', () => {
    expect(fromForm(schema, { id: 'x', capacity: '622 Mb/s', pop: false, since: '', roles: [] })).toMatchObject({
      capacity: '622 Mb/s',
    });
    expect(fromForm(schema, { id: 'x', capacity: ' 1000 ', pop: false, since: '', roles: [] })).toMatchObject({
      capacity: 1000,
    });
  });
});

describe('faults', () => {
  const problem = (where: string): Problem => ({
    type: '',
    title: '',
    status: 422,
    faults: [{ where, what: 'is wrong' }],
  });

  it.each(['capacity', 'body.capacity', '/capacity', 'links[0].capacity'])('%s belongs to the field', (where) =>
    expect(faultsAt(problem(where), 'capacity')).toEqual(['is wrong']),
  );

  it('of one field are not another field’s', () => {
    expect(faultsAt(problem('incapacity'), 'capacity')).toEqual([]);
    expect(faultsAt(null, 'capacity')).toEqual([]);
  });

  it('inside lists are found by their place', () => {
    expect(faultsAt(problem('body.roles[1].organisation'), 'roles.1.organisation')).toEqual(['is wrong']);
    expect(faultsAt(problem('body.roles[0].organisation'), 'roles.1.organisation')).toEqual([]);
  });
});
