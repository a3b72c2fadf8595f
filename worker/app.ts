/** The whole URL map. Sockets come first: nothing may touch the headers of an upgrade. */
import { Hono } from "hono";
import * as auth from "#schema/http/auth.ts";
import * as conversations from "#schema/http/conversations.ts";
import * as delivery from "#schema/http/delivery.ts";
import * as devices from "#schema/http/devices.ts";
import * as groups from "#schema/http/groups.ts";
import { health } from "#schema/http/health.ts";
import * as privacy from "#schema/http/privacy.ts";
import * as reports from "#schema/http/reports.ts";
import { getUser } from "#schema/http/users.ts";
import { type App, refusal, refuseOtherMethods, serve } from "./contract.ts";
import * as conversationRoutes from "./routes/conversations.ts";
import * as deliveryRoutes from "./routes/delivery.ts";
import * as deviceRoutes from "./routes/devices.ts";
import * as groupRoutes from "./routes/groups.ts";
import * as loginRoutes from "./routes/login.ts";
import * as privacyRoutes from "./routes/privacy.ts";
import * as registrationRoutes from "./routes/registration.ts";
import * as reportRoutes from "./routes/reports.ts";
import * as sessionRoutes from "./routes/sessions.ts";
import { upgradeConversation, upgradeInbox } from "./sockets.ts";

export const app: App = new Hono();

app.get("/ws/inbox", ({ req, env }) => upgradeInbox(req.raw, env));
app.get("/ws/conversations/:id", ({ req, env }) => upgradeConversation(req.raw, env, req.param("id")));

serve(app, health, () => Promise.resolve({ status: "ok" }));

serve(app, auth.loginParameters, loginRoutes.handleLoginParameters);
serve(app, auth.registerBegin, registrationRoutes.handleRegisterBegin);
serve(app, auth.register, registrationRoutes.handleRegister);
serve(app, auth.login, loginRoutes.handleLogin);
serve(app, auth.enrolDevice, loginRoutes.handleEnrolDevice);
serve(app, auth.refresh, sessionRoutes.handleRefresh);
serve(app, auth.renewChallenge, sessionRoutes.handleRenewChallenge);
serve(app, auth.renew, sessionRoutes.handleRenew);
serve(app, auth.logout, sessionRoutes.handleLogout);
serve(app, auth.signOut, sessionRoutes.handleSignOut);
serve(app, auth.me, sessionRoutes.handleMe);

serve(app, getUser, deviceRoutes.handleGetUser);
serve(app, devices.getDevices, deviceRoutes.handleGetDevices);
serve(app, devices.claimBundles, deviceRoutes.handleClaimBundles);
serve(app, devices.uploadPrekeys, deviceRoutes.handleUploadPrekeys);

serve(app, conversations.createConversation, conversationRoutes.handleCreateConversation);
serve(app, conversations.listConversations, conversationRoutes.handleListConversations);
serve(app, conversations.listMessages, conversationRoutes.handleListMessages);

serve(app, groups.createGroup, groupRoutes.handleCreateGroup);
serve(app, groups.postOperation, groupRoutes.handlePostOperation);
serve(app, groups.listOperations, groupRoutes.handleListOperations);
serve(app, groups.listMembers, groupRoutes.handleListMembers);

serve(app, delivery.getDelivery, deliveryRoutes.handleGetDelivery);
serve(app, delivery.reportUndecryptable, deliveryRoutes.handleReportUndecryptable);
serve(app, delivery.getMetrics, deliveryRoutes.handleGetMetrics);

serve(app, reports.frankingTags, reportRoutes.handleFrankingTags);
serve(app, reports.sendReport, reportRoutes.handleSendReport);

serve(app, privacy.getPrivacy, privacyRoutes.handleGetPrivacy);
serve(app, privacy.setPrivacy, privacyRoutes.handleSetPrivacy);

refuseOtherMethods(app);
app.all("/api/*", () => refusal("not_found", "There is nothing at this address."));
app.all("/ws/*", () => refusal("not_found", "There is nothing at this address."));
app.all("*", ({ req, env }) => env.ASSETS.fetch(req.raw));
