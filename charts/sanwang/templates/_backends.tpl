{{/* dict of a root and names of backends -> the egress rules to them */}}
{{- define "sanwang.backendEgress" -}}
{{- range $name := .backends }}
{{- $backend := index $.root.Values.backends $name }}
- to:
    {{- if $.root.Values.backends.inCluster }}
    - podSelector: { matchLabels: { {{ include "sanwang.selector" (dict "root" $.root "component" $name) | replace "\n" ", " }} } }
    {{- else }}
    {{- toYaml $backend.to | nindent 4 }}
    {{- end }}
  ports:
    {{- range $backend.ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}
{{- end }}
