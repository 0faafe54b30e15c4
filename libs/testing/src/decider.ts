import { fold, Rejection, type Decider, type DomainEvent } from '@sanwang/kernel';
import { expect } from 'vitest';

/** given(history).when(command).then(events) for a decider; `.refuses(code, reason)` and `.staysQuiet()` for the other two tests of a rule. */
export const specify = <Command, Event extends DomainEvent, State>(decider: Decider<Command, Event, State>) => ({
  given: (...history: readonly Event[]) => ({
    state: fold(decider, history),
    when: (command: Command) => {
      const decide = (): readonly Event[] => decider.decide(command, fold(decider, history));
      return {
        then: (...expected: readonly Event[]): void => expect(decide()).toEqual(expected),
        staysQuiet: (): void => expect(decide()).toEqual([]),
        refuses: (code: string, reason: string, field?: string): void => {
          let thrown: unknown;
          try {
            decide();
          } catch (error) {
            thrown = error;
          }
          expect(thrown).toBeInstanceOf(Rejection);
          const rejection = thrown as Rejection;
          expect({ code: rejection.code, reason: rejection.reason }).toEqual({ code, reason });
          if (field !== undefined) expect(rejection.violations.map((violation) => violation.field)).toContain(field);
        },
      };
    },
  }),
});
