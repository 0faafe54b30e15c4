import {
  create,
  createFileRegistry,
  fromBinary,
  getExtension,
  hasExtension,
  toBinary,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { ProtoService } from './api.ts';

export type HttpVerb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Where REST finds an rpc: `path` is a template such as `/v1/patrol/tasks/{id}:accept`; `params` are field names in camelCase. */
export interface HttpBinding {
  readonly verb: HttpVerb;
  readonly path: string;
  readonly params: readonly string[];
  readonly body: boolean;
}

/** One rpc as the descriptor set has it. `key` is its name in `ProtoService.methods`. */
export interface RpcDescriptor {
  readonly key: string;
  readonly method: DescMethod;
  readonly bindings: readonly HttpBinding[];
}

/** The descriptor set of the APIs, read once. */
export interface Descriptors {
  readonly registry: FileRegistry;
  readonly bytes: Uint8Array;
  rpcs(service: ProtoService): readonly RpcDescriptor[];
}

interface HttpRule {
  readonly pattern: { readonly case?: string; readonly value?: unknown };
  readonly body: string;
  readonly additionalBindings: readonly HttpRule[];
}

const fieldOf = (method: DescMethod, name: string): DescField => {
  const field = method.input.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind !== 'scalar') throw new Error(`${method.parent.typeName}.${method.name}: path parameter ${name} is no scalar field`);
  return field;
};

const bindingOf = (method: DescMethod, rule: HttpRule): HttpBinding => {
  const where = `${method.parent.typeName}.${method.name}`;
  const verb = rule.pattern.case?.toUpperCase();
  const template = rule.pattern.value;
  if (!verb || !['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(verb) || typeof template !== 'string')
    throw new Error(`${where}: unknown HTTP rule`);
  if (!/^(\/([a-z0-9.-]+|\{[a-z0-9_]+\}))+(:[a-z][A-Za-z-]*)?$/.test(template))
    throw new Error(`${where}: path ${template} is not supported`);
  if (rule.body !== '' && rule.body !== '*') throw new Error(`${where}: body must be "*" or absent`);
  const params: string[] = [];
  const path = template.replaceAll(/\{([a-z0-9_]+)\}/g, (_, name: string) => {
    const { jsonName } = fieldOf(method, name);
    params.push(jsonName);
    return `{${jsonName}}`;
  });
  return { verb: verb as HttpVerb, path, params, body: rule.body === '*' };
};

/** One set of several; of a file that is in more than one of them the first counts. */
export const mergeDescriptorSets = (sets: readonly Uint8Array[]): Uint8Array => {
  const files = new Map<string, FileDescriptorProto>();
  for (const set of sets)
    for (const file of fromBinary(FileDescriptorSetSchema, set).file) if (!files.has(file.name)) files.set(file.name, file);
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files.values()] }));
};

/** Reads a descriptor set (google.protobuf.FileDescriptorSet with google.api.http annotations). */
export const loadDescriptors = (bytes: Uint8Array): Descriptors => {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  const http = registry.getExtension('google.api.http');
  const bindingsOf = (method: DescMethod): readonly HttpBinding[] => {
    const options = method.proto.options;
    if (!http || !options || !hasExtension(options, http)) return [];
    const rule = getExtension(options, http) as unknown as HttpRule;
    return [rule, ...rule.additionalBindings].map((each) => bindingOf(method, each));
  };
  return {
    registry,
    bytes,
    rpcs(service) {
      const described = registry.getService(service.fullName);
      if (!described) throw new Error(`${service.fullName} is not in the descriptor set: run npm run generate`);
      return Object.entries(service.methods).map(([key, { name }]) => {
        const method = described.methods.find((candidate) => candidate.name === name);
        if (!method) throw new Error(`${service.fullName}.${name} is not in the descriptor set: run npm run generate`);
        return { key, method, bindings: bindingsOf(method) };
      });
    },
  };
};

/** The place of a declaration in its file, as `SourceCodeInfo.Location.path` counts it. */
const sourcePath = (desc: DescService | DescMethod | DescMessage | DescField): readonly number[] => {
  switch (desc.kind) {
    case 'service':
      return [6, desc.file.proto.service.indexOf(desc.proto)];
    case 'rpc':
      return [...sourcePath(desc.parent), 2, desc.parent.proto.method.indexOf(desc.proto)];
    case 'message':
      return desc.parent
        ? [...sourcePath(desc.parent), 3, desc.parent.proto.nestedType.indexOf(desc.proto)]
        : [4, desc.file.proto.messageType.indexOf(desc.proto)];
    case 'field':
      return [...sourcePath(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
  }
};

const fileOf = (desc: DescService | DescMethod | DescMessage | DescField): DescFile =>
  desc.kind === 'rpc' || desc.kind === 'field' ? desc.parent.file : desc.file;

/** The comment that stands before a declaration in its proto file (or behind it on its line), one line per paragraph. */
export const commentOf = (desc: DescService | DescMethod | DescMessage | DescField): string => {
  const path = sourcePath(desc).join();
  const location = fileOf(desc).proto.sourceCodeInfo?.location.find((candidate) => candidate.path.join() === path);
  return (location?.leadingComments || location?.trailingComments || '')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, ' ').trim())
    .join('\n\n')
    .trim();
};
