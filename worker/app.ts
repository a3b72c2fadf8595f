/** The whole URL map. Sockets come first: nothing may touch the headers of an upgrade. */
import { Hono } from "hono";
import * as attachments from "#schema/http/attachments.ts";
import * as auth from "#schema/http/auth.ts";
import * as backup from "#schema/http/backup.ts";
import * as conversations from "#schema/http/conversations.ts";
import * as delivery from "#schema/http/delivery.ts";
import * as devices from "#schema/http/devices.ts";
import * as groups from "#schema/http/groups.ts";
import { health } from "#schema/http/health.ts";
import * as invites from "#schema/http/invites.ts";
import * as links from "#schema/http/links.ts";
import * as privacy from "#schema/http/privacy.ts";
import * as reports from "#schema/http/reports.ts";
import * as resets from "#schema/http/reset.ts";
import { getUser } from "#schema/http/users.ts";
import { putRecoveryKey, putVaultWraps } from "#schema/http/vault.ts";
import { type App, refusal, refuseOtherMethods, serve, serveBytes } from "./contract.ts";
import * as attachmentRoutes from "./routes/attachments.ts";
import * as backupRoutes from "./routes/backup.ts";
import * as conversationRoutes from "./routes/conversations.ts";
import * as deliveryRoutes from "./routes/delivery.ts";
import * as deviceRoutes from "./routes/devices.ts";
import * as groupRoutes from "./routes/groups.ts";
import * as inviteRoutes from "./routes/invites.ts";
import * as linkRoutes from "./routes/links.ts";
import * as loginRoutes from "./routes/login.ts";
import { handleChangePassword } from "./routes/password.ts";
import * as privacyRoutes from "./routes/privacy.ts";
import * as registrationRoutes from "./routes/registration.ts";
import * as reportRoutes from "./routes/reports.ts";
import * as resetRoutes from "./routes/reset.ts";
import * as sessionRoutes from "./routes/sessions.ts";
import { handlePutRecoveryKey, handlePutVaultWraps } from "./routes/vault.ts";
import { upgradeConversation, upgradeInbox } from "./sockets.ts";

export const app: App = new Hono();

app.get("/ws/inbox", ({ req, env }) => upgradeInbox(req.raw, env));
app.get("/ws/conversations/:id", ({ req, env }) => upgradeConversation(req.raw, env, req.param("id")));

serve(app, health, () => Promise.resolve({ status: "ok" }));

serve(app, auth.loginParameters, loginRoutes.handleLoginParameters);
serve(app, auth.registerBegin, registrationRoutes.handleRegisterBegin);
serve(app, auth.register, registrationRoutes.handleRegister);
serve(app, auth.login, loginRoutes.handleLogin);
serve(app, auth.recover, loginRoutes.handleRecover);
serve(app, auth.enrolDevice, loginRoutes.handleEnrolDevice);
serve(app, auth.refresh, sessionRoutes.handleRefresh);
serve(app, auth.renewChallenge, sessionRoutes.handleRenewChallenge);
serve(app, auth.renew, sessionRoutes.handleRenew);
serve(app, auth.changePassword, handleChangePassword);
serve(app, auth.logout, sessionRoutes.handleLogout);
serve(app, auth.signOut, sessionRoutes.handleSignOut);
serve(app, auth.me, sessionRoutes.handleMe);

serve(app, resets.previewReset, resetRoutes.handlePreviewReset);
serve(app, resets.requestReset, resetRoutes.handleRequestReset);
serve(app, resets.cancelReset, resetRoutes.handleCancelReset);
serve(app, resets.finishReset, resetRoutes.handleFinishReset);
serve(app, resets.stopReset, resetRoutes.handleStopReset);

serve(app, getUser, deviceRoutes.handleGetUser);
serve(app, devices.getDevices, deviceRoutes.handleGetDevices);
serve(app, devices.claimBundles, deviceRoutes.handleClaimBundles);
serve(app, devices.uploadPrekeys, deviceRoutes.handleUploadPrekeys);

serve(app, devices.listOwnDevices, deviceRoutes.handleListOwnDevices);
serve(app, devices.renameDevice, deviceRoutes.handleRenameDevice);
serve(app, devices.publishDeviceList, deviceRoutes.handlePublishDeviceList);

serve(app, links.writeFromNewDevice, linkRoutes.handleWriteFromNew);
serve(app, links.readFromNewDevice, linkRoutes.handleReadFromNew);
serve(app, links.writeFromOldDevice, linkRoutes.handleWriteFromOld);
serve(app, links.readFromOldDevice, linkRoutes.handleReadFromOld);
serve(app, links.endLink, linkRoutes.handleEndLink);
serve(app, links.prepareLink, linkRoutes.handlePrepareLink);

serve(app, conversations.createConversation, conversationRoutes.handleCreateConversation);
serve(app, conversations.listConversations, conversationRoutes.handleListConversations);
serve(app, conversations.listMessages, conversationRoutes.handleListMessages);

serve(app, groups.createGroup, groupRoutes.handleCreateGroup);
serve(app, groups.postOperation, groupRoutes.handlePostOperation);
serve(app, groups.listOperations, groupRoutes.handleListOperations);
serve(app, groups.listMembers, groupRoutes.handleListMembers);

serve(app, invites.previewInvite, inviteRoutes.handlePreviewInvite);
serve(app, invites.listInvitedOperations, inviteRoutes.handleListInvitedOperations);
serve(app, invites.requestJoin, inviteRoutes.handleRequestJoin);
serve(app, invites.joinRequestState, inviteRoutes.handleJoinRequestState);
serve(app, invites.listJoinRequests, inviteRoutes.handleListJoinRequests);
serve(app, invites.refuseJoin, inviteRoutes.handleRefuseJoin);

serve(app, delivery.getDelivery, deliveryRoutes.handleGetDelivery);
serve(app, delivery.reportUndecryptable, deliveryRoutes.handleReportUndecryptable);
serve(app, delivery.getMetrics, deliveryRoutes.handleGetMetrics);

serve(app, attachments.getMediaAllowance, attachmentRoutes.handleGetMediaAllowance);
serve(app, attachments.beginUpload, attachmentRoutes.handleBeginUpload);
serve(app, attachments.uploadPart, attachmentRoutes.handleUploadPart);
serve(app, attachments.completeUpload, attachmentRoutes.handleCompleteUpload);
serve(app, attachments.deleteAttachment, attachmentRoutes.handleDeleteAttachment);
serveBytes(app, attachments.readAttachment, attachmentRoutes.handleReadAttachment);

serve(app, backup.getBackup, backupRoutes.handleGetBackup);
serve(app, backup.getBackupManifest, backupRoutes.handleGetManifest);
serve(app, backup.getBackupSegment, backupRoutes.handleGetSegment);
serve(app, backup.putBackupSegment, backupRoutes.handlePutSegment);
serve(app, backup.putBackupManifest, backupRoutes.handlePutManifest);
serve(app, reports.frankingTags, reportRoutes.handleFrankingTags);
serve(app, reports.sendReport, reportRoutes.handleSendReport);

serve(app, putVaultWraps, handlePutVaultWraps);
serve(app, putRecoveryKey, handlePutRecoveryKey);

serve(app, privacy.getPrivacy, privacyRoutes.handleGetPrivacy);
serve(app, privacy.setPrivacy, privacyRoutes.handleSetPrivacy);

refuseOtherMethods(app);
app.all("/api/*", () => refusal("not_found", "There is nothing at this address."));
app.all("/ws/*", () => refusal("not_found", "There is nothing at this address."));
app.all("*", ({ req, env }) => env.ASSETS.fetch(req.raw));
