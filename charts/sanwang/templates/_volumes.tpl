{{/* The secrets of a cluster's pod: each is read by name, and a pod sees its own service's private key only. */}}
{{- define "sanwang.clusterMounts" -}}
- { name: master-key, mountPath: /etc/sanwang/master-key, readOnly: true }
- { name: service-key, mountPath: /etc/sanwang/service-key, readOnly: true }
- { name: tls, mountPath: /etc/sanwang/tls, readOnly: true }
- { name: backends, mountPath: /etc/sanwang/backends, readOnly: true }
{{- if .Values.secrets.localIssuer }}
- { name: issuer, mountPath: /etc/sanwang/issuer, readOnly: true }
{{- end }}
{{- end }}

{{- define "sanwang.clusterVolumes" -}}
{{- $secrets := .root.Values.secrets }}
- name: master-key
  secret: { secretName: {{ $secrets.masterKey }}, defaultMode: 0440, items: [{ key: master-key, path: master-key }] }
- name: service-key
  secret:
    secretName: {{ $secrets.serviceKeys }}
    defaultMode: 0440
    items: [{ key: {{ .service }}.json, path: service.json }, { key: services.json, path: services.json }]
- name: tls
  secret: { secretName: {{ $secrets.tls }}, defaultMode: 0440 }
- name: backends
  secret: { secretName: {{ $secrets.connections }}, defaultMode: 0440, items: [{ key: ca.crt, path: ca.crt }], optional: true }
{{- with $secrets.localIssuer }}
- name: issuer
  secret: { secretName: {{ . }}, defaultMode: 0440, items: [{ key: issuer.json, path: issuer.json }] }
{{- end }}
{{- end }}
