import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * The district's objects, and how far each partition has been read: kept together in one file, so that neither can be ahead of
 * the other.
 */
export const openObjects = (file) => {
  const { offsets = {}, objects = {} } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};

  return {
    /** Where to go on reading a partition of a topic. */
    offsetOf: (topic, partition) => offsets[`${topic}/${partition}`] ?? '0',

    /**
     * Takes in a message; false when it was there already. Delivery is at least once: the same message may come again, with the
     * same ce_id. What is older than the last of its object is passed over too.
     */
    take(topic, partition, { key, headers, value, offset }) {
      const header = (name) => headers[name]?.toString();
      const stream = key.toString();
      const position = Number(header('sanwang_position'));
      const id = header('ce_id');
      const known = objects[stream];
      const again = known && (position < known.position || (position === known.position && known.ids.includes(id)));
      if (!again) {
        const ids = position === known?.position ? [...known.ids, id] : [id];
        const [, , context, kind] = header('ce_type').split('.');
        const data = JSON.parse(value.toString());
        // Of an object that has left, only the place in the log is kept: what was sent before it must not bring it back.
        objects[stream] = kind === 'HandedOver' ? { position, ids } : { position, ids, context, kind, ...data };
      }
      offsets[`${topic}/${partition}`] = String(BigInt(offset) + 1n);
      return !again;
    },

    /** The objects that are the district's now. */
    all: () => Object.values(objects).filter(({ state }) => state !== undefined),

    save() {
      writeFileSync(`${file}.new`, JSON.stringify({ offsets, objects }));
      renameSync(`${file}.new`, file);
    },
  };
};
