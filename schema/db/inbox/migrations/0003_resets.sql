CREATE TABLE `resets` (
	`claim_hash` text PRIMARY KEY NOT NULL,
	`requested_at_ms` integer NOT NULL,
	`effective_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`used_list` text
);
--> statement-breakpoint
ALTER TABLE `account` ADD `reset_locked_until_ms` integer DEFAULT 0 NOT NULL;