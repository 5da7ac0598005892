/** What dialogs and the sidebar ask: /mien/..., behind Node-RED's own login and permissions. */
import { findMien } from './host/find-mien.ts';
import { connectionOf, type HostConnection } from './host-connection.ts';
import { faultOf, NodeFault } from './node-fault.ts';
import type { AdminRequest, AdminResponse, Red } from './red.ts';

type Answer = (request: AdminRequest, connection: HostConnection) => unknown;

/** By the last part of the path, each of a deployed host. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  status: (_request, { mode, state }) => ({ mode, ...state }),
  people: (_request, connection) => connection.client().people(),
  models: (_request, connection) => connection.client().models(),
  commands: (_request, connection) => connection.client().commands(),
  cameras: async (_request, connection) => (await connection.client().status()).sight.cameras,
  simulation: (_request, connection) => connection.client().simulation(),
};

/** Statuses of faults; what Mien itself refuses keeps its own. */
const CODES: Readonly<Record<string, number>> = { HOST_MISSING: 404, INPUT_INVALID: 400, HOST_UNAVAILABLE: 503 };

export function registerAdmin(red: Red, userDir: string): void {
  const mayRead = red.auth.needsPermission('mien.read');
  const answer = (response: AdminResponse, work: () => unknown): void => {
    void (async () => response.json(await work()))().catch((thrown) => {
      const { code, message, status } = faultOf(thrown) as Error & { code: string; status?: number };
      response.status(CODES[code] ?? (status && status >= 400 ? status : 500)).json({ error: { code, message } });
    });
  };

  red.httpAdmin.get('/mien/hosts', mayRead, (_request, response) =>
    answer(response, () => {
      const hosts: object[] = [];
      red.nodes.eachNode((def) => {
        const connection = def.type === 'mien-host' ? connectionOf(red.nodes.getNode(def.id)) : undefined;
        if (connection) hosts.push({ id: def.id, name: def.name ?? '', mode: connection.mode, ...connection.state });
      });
      return { hosts };
    }),
  );
  // Before a deploy the dialog asks what "run one here" would run.
  red.httpAdmin.get('/mien/find', mayRead, (request, response) =>
    answer(response, () => {
      const found = findMien({ command: String(request.query['command'] ?? ''), userDir });
      return found.kind === 'found' ? { kind: found.kind, where: found.where } : found;
    }),
  );
  for (const [name, work] of Object.entries(ANSWERS)) {
    red.httpAdmin.get(`/mien/hosts/:id/${name}`, mayRead, (request, response) =>
      answer(response, () => {
        const connection = connectionOf(red.nodes.getNode(request.params['id'] ?? ''));
        if (connection) return work(request, connection);
        throw new NodeFault('HOST_MISSING', 'this host is not deployed yet: deploy first, then its cameras and models can be listed');
      }),
    );
  }
}
