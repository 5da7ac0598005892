/** What one client may read, and be told the changes of. */
import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ErrorCode, McpError, SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Notices } from './notices.ts';
import type { Change, PeopleBoard } from './people-board.ts';
import { peopleReport, personReport, sceneReport } from './reports.ts';

const PEOPLE = 'mien://people';
const SCENE = 'mien://scene';
const PERSON = 'mien://person/';
const json = 'application/json';

export function registerResources(server: McpServer, board: PeopleBoard, notices: Notices): void {
  const contents = (uri: string, report: object) => ({ contents: [{ uri, mimeType: json, text: JSON.stringify(report) }] });
  server.registerResource('people', PEOPLE, { title: 'People', description: 'everybody before the device, one by one', mimeType: json }, ({ href }) =>
    contents(href, peopleReport(board).report),
  );
  server.registerResource('scene', SCENE, { title: 'Scene', description: 'the people before the device as a whole', mimeType: json }, ({ href }) =>
    contents(href, sceneReport(board).report),
  );
  const template = new ResourceTemplate(`${PERSON}{id}`, {
    list: () => ({ resources: board.people().map(({ person: { id } }) => ({ uri: PERSON + id, name: id, mimeType: json })) }),
  });
  server.registerResource('person', template, { title: 'Person', description: 'one person, as long as they are here', mimeType: json }, ({ href }) => {
    const seen = board.find(href.slice(PERSON.length));
    if (!seen) throw new McpError(ErrorCode.InvalidParams, `nobody here is ${href}; ids are random for each visit: read ${PEOPLE}`);
    return contents(href, personReport(seen));
  });

  server.server.registerCapabilities({ resources: { subscribe: true } });
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    const isPerson = uri.startsWith(PERSON) && board.find(uri.slice(PERSON.length)) !== undefined;
    if (uri !== PEOPLE && uri !== SCENE && !isPerson) {
      throw new McpError(
        ErrorCode.InvalidParams,
        `there is nothing to subscribe to at ${uri.slice(0, 100)}; there is ${PEOPLE}, ${SCENE}, and ${PERSON}{id} of who is here`,
      );
    }
    if (!notices.subscribe(uri)) {
      throw new McpError(
        ErrorCode.InvalidRequest,
        `this client has ${notices.size} subscriptions, the most that it may have: unsubscribe from some, or take ${PEOPLE}, which tells of everybody`,
      );
    }
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    notices.unsubscribe(uri);
    return {};
  });
}

/** Tells who subscribed. */
export function noticeChange(notices: Notices, { kind, person }: Change): void {
  notices.changed(PEOPLE);
  notices.changed(SCENE);
  if (kind === 'left') notices.gone(PERSON + person.id);
  else notices.changed(PERSON + person.id);
}
