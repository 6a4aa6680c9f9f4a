// The values of an attribute by store. They lie apart from the columns of the table: one may be called as any of these.

// `attributes` as a map: of an object, names such as `constructor` would be found where there is no such attribute.
export function withAttributes(data) {
  return { ...data, attributes: new Map(Object.entries(data.attributes ?? {})) };
}

// Undefined where there is no such attribute. The API chooses by id and name, too.
export function attributeValues({ attributes, store_id: ids, name: names }, name) {
  if (name === "store_id") return ids;
  return name === "name" ? names : attributes.get(name);
}
