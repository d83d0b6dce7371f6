import { describe, expect, test } from 'vitest';
import { translateFlaggerQuery } from '../../src/translate/flagger-query.ts';

const facts = {
  name: 'shop',
  namespace: 'test',
  target: 'shop-web',
  service: 'shop-svc',
  ingress: 'shop-page',
  interval: '1m',
  variables: { code: '404', quoted: 'a"b', job: 'web' },
};

describe('a query of Flagger becomes', () => {
  test.each([
    ['up{ns="{{ namespace }}"} * canary', 'up{ns="{{namespace}}"} * canary'],
    ['rate(canary[{{ interval }}])', 'rate(canary[1m])'],
    ['rate(canary[{{interval}}])', 'rate(canary[1m])'],
    ['rate(canary[{{- interval -}}])', 'rate(canary[1m])'],
    [
      'canary{a="{{ name }}",b="{{ service }}",c="{{ ingress }}"}',
      'canary{a="shop",b="shop-svc",c="shop-page"}',
    ],
    ['x{pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}', 'x{pod=~"{{canary.pods}}"}'],
    ['x{kubernetes_pod_name=~"{{ target }}-.*"}', 'x{kubernetes_pod_name=~"{{canary.pods}}"}'],
    ['x{pod=~"{{ target }}-primary-.*"} / canary', 'x{pod=~"{{stable.pods}}"} / canary'],
    ['x{destination_workload="{{ target }}"}', 'x{pod=~"{{canary.pods}}"}'],
    ['x{deployment="{{ target }}-primary"} / canary', 'x{pod=~"{{stable.pods}}"} / canary'],
    ['x{service="{{ target }}-canary"}', 'x{service="{{workload.name}}-canary"}'],
    ['x{queue="{{ target }}",canary="1"}', 'x{queue="{{workload.name}}",canary="1"}'],
    ['x{code="{{ variables.code }}",canary="1"}', 'x{code="{{args.code}}",canary="1"}'],
    ['x{code="{{ index variables "code" }}",canary="1"}', 'x{code="{{args.code}}",canary="1"}'],
    ['canary > {{ variables.code }}', 'canary > 404'],
    ["x{a='{{ variables.quoted }}',canary='1'}", "x{a='a\"b',canary='1'}"],
  ])('%s → %s', (source, wanted) => {
    const { query, refusals } = translateFlaggerQuery(source, facts);
    expect({ query, refusals }).toEqual({ query: wanted, refusals: [] });
  });

  test.each([
    [
      'x{pod!~"{{ target }}-.*"}',
      'pod!~"{{ target }}-.*" leaves out the pods of a Deployment that is not there here: select by {{canary.pods}} or {{stable.pods}}',
    ],
    ['x{a="{{ route }}"}', '{{ route }} is not known from the Canary: write it into the query'],
    ['x{a="{{ variables.other }}"}', 'the Canary gives no templateVariables.other'],
    [
      'x{a="{{ printf "%s" target }}"}',
      '{{ printf "%s" target }} is nothing that Flagger offers a query: write its value',
    ],
  ])('%s is refused', (source, why) => {
    expect(translateFlaggerQuery(source, facts).refusals).toEqual([why]);
  });

  test('says when nothing in it tells the versions apart', () => {
    expect(translateFlaggerQuery('sum(rate(errors_total[1m]))', facts).changes).toEqual([
      'nothing in it selects the canary, so it is about both versions: add pod=~"{{canary.pods}}" to its selectors',
    ]);
  });
});
