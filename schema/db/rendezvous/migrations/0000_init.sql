CREATE TABLE `link` (
	`opened_at_ms` integer PRIMARY KEY NOT NULL,
	`account` text,
	`over` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `messages` (
	`slot` text PRIMARY KEY NOT NULL,
	`data` text NOT NULL
);
