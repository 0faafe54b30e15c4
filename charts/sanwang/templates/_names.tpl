{{/* dict of a root and a component -> labels by which its pods are selected; they never change. */}}
{{- define "sanwang.selector" -}}
app.kubernetes.io/name: sanwang
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "sanwang.labels" -}}
{{ include "sanwang.selector" . }}
app.kubernetes.io/version: {{ include "sanwang.version" .root | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "sanwang.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "sanwang.image" -}}
{{ .Values.image.repository }}:{{ include "sanwang.version" . }}
{{- end }}

{{/* The services with their facts, the values' deviations laid over them; as YAML. */}}
{{- define "sanwang.services" -}}
{{- $facts := .Files.Get "facts/services.yaml" | fromYaml }}
{{- range $name, $deviation := .Values.services }}
{{- if not (hasKey $facts $name) }}
{{- fail (printf "services.%s: there is no service %s; there are %s." $name $name (keys $facts | sortAlpha | join ", ")) }}
{{- end }}
{{- end }}
{{- mergeOverwrite $facts (deepCopy .Values.services) | toYaml }}
{{- end }}
