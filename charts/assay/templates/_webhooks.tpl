{{/* What all webhooks have in common. Call with (list . "/path"). */}}
{{- define "assay.webhook" -}}
{{- $root := first . -}}
clientConfig:
  service:
    namespace: {{ $root.Release.Namespace }}
    name: {{ include "assay.fullname" $root }}-webhook
    path: {{ last . }}
    port: 443
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
{{- end }}

{{/* Its own Deployment must be changeable while no webhook is up. */}}
{{- define "assay.workloadNamespaces" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      - kube-system
      {{- if ne .Release.Namespace "kube-system" }}
      - {{ .Release.Namespace }}
      {{- end }}
{{- end }}

{{/* Only what the webhook acts on: a scaling, a label or an annotation of somebody else's does not call it. */}}
{{- define "assay.guardedFields" -}}
{{- $mark := "'rollouts.kruise.io/in-progressing'" -}}
{{- $strategy := "'rollouts.kruise.io/deployment-strategy'" -}}
- name: guarded-fields
  expression: >-
    object.spec.template != oldObject.spec.template ||
    has(object.spec.paused) != has(oldObject.spec.paused) ||
    (has(object.spec.paused) && object.spec.paused != oldObject.spec.paused) ||
    has(object.spec.strategy) != has(oldObject.spec.strategy) ||
    (has(object.spec.strategy) && object.spec.strategy != oldObject.spec.strategy) ||
    has(object.spec.updateStrategy) != has(oldObject.spec.updateStrategy) ||
    (has(object.spec.updateStrategy) && object.spec.updateStrategy != oldObject.spec.updateStrategy) ||
    has(object.spec.minReadySeconds) != has(oldObject.spec.minReadySeconds) ||
    (has(object.spec.minReadySeconds) && object.spec.minReadySeconds != oldObject.spec.minReadySeconds) ||
    has(object.spec.progressDeadlineSeconds) != has(oldObject.spec.progressDeadlineSeconds) ||
    (has(object.spec.progressDeadlineSeconds) && object.spec.progressDeadlineSeconds != oldObject.spec.progressDeadlineSeconds) ||
    (has(object.metadata.annotations) && {{ $mark }} in object.metadata.annotations ?
    object.metadata.annotations[{{ $mark }}] : '') !=
    (has(oldObject.metadata.annotations) && {{ $mark }} in oldObject.metadata.annotations ?
    oldObject.metadata.annotations[{{ $mark }}] : '') ||
    (has(object.metadata.annotations) && {{ $strategy }} in object.metadata.annotations ?
    object.metadata.annotations[{{ $strategy }}] : '') !=
    (has(oldObject.metadata.annotations) && {{ $strategy }} in oldObject.metadata.annotations ?
    oldObject.metadata.annotations[{{ $strategy }}] : '')
{{- end }}

{{/* Finalizers, owners and labels can be changed while no webhook is up, so that everything can be taken away. */}}
{{- define "assay.specChanged" -}}
- name: spec-changed
  expression: request.operation == 'CREATE' || object.spec != oldObject.spec
{{- end }}

{{/* The controller's writes are not sent to itself, and do not wait for its webhooks to be up. */}}
{{- define "assay.notByTheController" -}}
- name: not-by-the-controller
  expression: >-
    !(request.userInfo.username ==
    "system:serviceaccount:{{ .Release.Namespace }}:{{ include "assay.serviceAccountName" . }}" &&
    has(request.options) && has(request.options.fieldManager) && request.options.fieldManager == 'assay')
{{- end }}
