CREATE TABLE `join_requests` (
	`account` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`requested_at_ms` integer NOT NULL,
	`public_key` text NOT NULL,
	`proof` text NOT NULL,
	`refused` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `group_head` ADD `invite_ended` integer DEFAULT 0 NOT NULL;