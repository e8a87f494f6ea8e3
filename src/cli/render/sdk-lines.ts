/** How each official SDK connects, one line a language; key and secret come from the keys file. */
export function sdkLines(endpoint: string, instance: string): readonly (readonly [language: string, line: string])[] {
  const [at, name] = [JSON.stringify(endpoint), JSON.stringify(instance)];
  return [
    ["Node", `new TableStore.Client({ endpoint: ${at}, instancename: ${name}, accessKeyId, secretAccessKey })`],
    ["Java", `new SyncClient(${at}, accessKeyId, accessKeySecret, ${name})`],
    ["Go", `tablestore.NewClient(${at}, ${name}, accessKeyId, accessKeySecret)`],
    ["Python", `OTSClient(${at}, access_key_id, access_key_secret, ${name})`],
  ];
}
