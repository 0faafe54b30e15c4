{{/* What every pod of ours has in common: no rights, nothing of the cluster's inside. */}}
{{- define "sanwang.pod" -}}
serviceAccountName: {{ .Release.Name }}
automountServiceAccountToken: false
# The variables that service links add begin with SANWANG_ too, and an unknown one is refused.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "sanwang.container" -}}
image: {{ include "sanwang.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  capabilities: { drop: [ALL] }
{{- end }}

{{/* Alive means that its work goes on (/healthz), ready that it can answer now (/readyz). */}}
{{- define "sanwang.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 180
livenessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 2
# The pod leaves the endpoints at once; what still comes in the seconds until everybody knows is answered as ever.
lifecycle:
  preStop:
    sleep: { seconds: {{ include "sanwang.leaveSeconds" . }} }
{{- end }}

{{- define "sanwang.leaveSeconds" -}}5{{- end }}
{{- define "sanwang.graceSeconds" -}}
{{ add .Values.drainSeconds (include "sanwang.leaveSeconds" . | int) 15 }}
{{- end }}

{{/* The environment that all services of a cluster share, without secrets. */}}
{{- define "sanwang.config" -}}
SANWANG_HOST: 0.0.0.0
SANWANG_HTTP_PORT: "8080"
SANWANG_GRPC_PORT: "8081"
SANWANG_LOG_LEVEL: {{ .Values.logLevel }}
SANWANG_RATE_LIMIT: {{ .Values.rateLimit | quote }}
SANWANG_DRAIN_SECONDS: {{ .Values.drainSeconds | quote }}
SANWANG_AUDIENCE: {{ .Values.issuer.audience | quote }}
{{- if .Values.issuer.name }}
SANWANG_ISSUER: {{ .Values.issuer.name | quote }}
SANWANG_JWKS_URL: {{ .Values.issuer.jwksUrl | quote }}
{{- end }}
{{- with .Values.secrets.localIssuer }}
SANWANG_LOCAL_ISSUER_FILE: /etc/sanwang/issuer/issuer.json
{{- end }}
{{- with .Values.bootstrapSubject }}
SANWANG_BOOTSTRAP_SUBJECT: {{ . | quote }}
{{- end }}
{{- if eq .Values.mode "embedded" }}
SANWANG_DATA: /data
{{- else }}
SANWANG_MODE: cluster
SANWANG_PROFILE: {{ .Values.profile }}
SANWANG_SERVICES: dns:///{{ .Release.Name }}-{service}:8081
SANWANG_MASTER_KEY_FILE: /etc/sanwang/master-key/master-key
SANWANG_SERVICE_KEY_FILE: /etc/sanwang/service-key/service.json
SANWANG_SERVICE_KEYS_FILE: /etc/sanwang/service-key/services.json
SANWANG_TLS_CERT_FILE: /etc/sanwang/tls/tls.crt
SANWANG_TLS_KEY_FILE: /etc/sanwang/tls/tls.key
SANWANG_TLS_CA_FILE: /etc/sanwang/tls/ca.crt
SANWANG_SCRATCH: /tmp/sanwang
{{- if .Values.backends.inCluster }}
SANWANG_KURRENTDB: kurrentdb://{{ .Release.Name }}-kurrentdb:2113?tls=false
SANWANG_KAFKA: kafka://{{ .Release.Name }}-kafka:9092
SANWANG_MONGODB: mongodb://{{ .Release.Name }}-mongodb:27017/sanwang?directConnection=true
{{- end }}
{{- end }}
{{- end }}

{{/* The connection strings, which may hold passwords. */}}
{{- define "sanwang.connections" -}}
{{- if not .Values.backends.inCluster }}
{{- range $name := list "kurrentdb" "kafka" "mongodb" }}
- name: SANWANG_{{ upper $name }}
  valueFrom: { secretKeyRef: { name: {{ $.Values.secrets.connections }}, key: {{ $name }} } }
{{- end }}
{{- end }}
{{- end }}
