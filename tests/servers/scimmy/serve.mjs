// SCIMMY and its routers on Express, over two maps. Ids, storage and the uniqueness of userName are ours; everything
// that is SCIM (parsing, PATCH, filters, paging, discovery, bulk) is theirs. EXPRESS=express5 is the variant in which
// paging parameters are ignored: Express 5 parses req.query anew on every read, so what the routers cast is lost.
import {randomUUID} from "node:crypto";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const express = (await import(process.env.EXPRESS ?? "express")).default;
const authorization = `Bearer ${process.env.SCIM_TOKEN}`;
const collections = [];

function declare(resource, nameOf) {
    const records = new Map();
    collections.push(records);
    const find = (id) => {
        if (!records.has(id)) throw new SCIMMY.Types.Error(404, null, `${resource.name} ${id} not found`);
        return records.get(id);
    };
    const refuseTwin = (name, id) => {
        if (name === undefined) return;
        for (const other of records.values()) {
            if (other.id !== id && nameOf(other) === name) {
                throw new SCIMMY.Types.Error(409, "uniqueness", `'${name}' is taken`);
            }
        }
    };
    SCIMMY.Resources.declare(resource, {
        egress: ({id, filter}) => {
            if (id) return find(id);
            const all = [...records.values()];
            return filter ? filter.match(all) : all;
        },
        ingress: ({id}, instance) => {
            const known = id ? find(id) : undefined;
            const body = JSON.parse(JSON.stringify(instance));
            const own = known?.id ?? randomUUID();
            refuseTwin(nameOf(body), own);
            const lastModified = new Date().toISOString();
            const meta = {...body.meta, resourceType: resource.name, created: known?.meta.created ?? lastModified, lastModified};
            const record = {...body, id: own, meta};
            records.set(own, record);
            return record;
        },
        degress: ({id}) => { records.delete(find(id).id); },
    });
}

declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false), (user) => user.userName?.toLowerCase());
declare(SCIMMY.Resources.Group, () => undefined);

const application = express();
application.post("/-/reset", (request, response) => {
    if (request.header("Authorization") !== authorization) return response.status(401).end();
    for (const records of collections) records.clear();
    response.status(204).end();
});
application.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    docUri: "https://example.com/docs",
    handler: (request) => {
        if (request.header("Authorization") !== authorization) throw new Error("unknown token");
        return "";
    },
}));
application.listen({fd: Number(process.argv[2])});
process.stdin.on("end", () => process.exit()).resume();   // however the tests end, so does this
