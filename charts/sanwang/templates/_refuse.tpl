{{/* What the schema cannot say: values that are each right and do not go together. Each refusal is a sentence. */}}
{{- define "sanwang.refuse" -}}
{{- $v := .Values }}
{{- $external := and $v.issuer.name $v.issuer.jwksUrl }}
{{- if and (or $v.issuer.name $v.issuer.jwksUrl) (not $external) }}
{{- fail "issuer.name and issuer.jwksUrl go together: set both, or neither." }}
{{- end }}
{{- if and $external $v.secrets.localIssuer }}
{{- fail "secrets.localIssuer must be empty when issuer.name is set: one issuer is trusted, not two." }}
{{- end }}
{{- if eq $v.profile "production" }}
{{- if not $external }}
{{- fail "profile production needs an issuer outside: set issuer.name and issuer.jwksUrl (or profile=trial for a trial)." }}
{{- end }}
{{- if not $v.issuer.egress.to }}
{{- fail "profile production needs issuer.egress.to: the peers from which the issuer's keys are fetched." }}
{{- end }}
{{- if $v.backends.inCluster }}
{{- fail "backends.inCluster has no passwords and one instance of each: for profile=trial only." }}
{{- end }}
{{- end }}
{{- if eq $v.mode "cluster" }}
{{- if not (or $external $v.secrets.localIssuer) }}
{{- fail "a trial in cluster mode needs an issuer: set secrets.localIssuer to the Secret with the local issuer's key." }}
{{- end }}
{{- range $name := list "kurrentdb" "kafka" "mongodb" }}
{{- if and (not $v.backends.inCluster) (not (index $v.backends $name "to")) }}
{{- fail (printf "backends.%s.to is empty: name the peers, or every connection to it is denied." $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
