/**
 * The same pure function of one object, worked out once for each. Objects that were read from the cluster are never
 * changed, only replaced, so that what was true of one stays true of it.
 */
export function remembered<Subject extends object, Answer>(
  work: (subject: Subject) => Answer,
): (subject: Subject) => Answer {
  const known = new WeakMap<Subject, { answer: Answer }>();
  return (subject) => {
    const present = known.get(subject);
    if (present) return present.answer;
    const answer = work(subject);
    known.set(subject, { answer });
    return answer;
  };
}
