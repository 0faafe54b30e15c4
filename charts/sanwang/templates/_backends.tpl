{{- define "sanwang.backendEgress" -}}
{{- range $name := list "kurrentdb" "kafka" "mongodb" }}
{{- $backend := index $.Values.backends $name }}
- to:
    {{- if $.Values.backends.inCluster }}
    - podSelector: { matchLabels: { {{ include "sanwang.selector" (dict "root" $ "component" $name) | replace "\n" ", " }} } }
    {{- else }}
    {{- toYaml $backend.to | nindent 4 }}
    {{- end }}
  ports:
    {{- range $backend.ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}
{{- end }}
