CREATE TABLE `__new_capsules` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`last_seq` integer NOT NULL,
	`server_time_ms` integer NOT NULL,
	`data` blob NOT NULL,
	`places` text DEFAULT '' NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_capsules`("first_seq", "last_seq", "server_time_ms", "data", "places") SELECT "first_seq", "last_seq", "server_time_ms", "data", '' FROM `capsules`;--> statement-breakpoint
DROP TABLE `capsules`;--> statement-breakpoint
ALTER TABLE `__new_capsules` RENAME TO `capsules`;--> statement-breakpoint
CREATE TABLE `__new_log` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`last_seq` integer NOT NULL,
	`ids` text NOT NULL,
	`heads` text NOT NULL,
	`bodies` blob NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_log`("first_seq", "last_seq", "ids", "heads", "bodies") SELECT "first_seq", "last_seq", "ids", "heads", "bodies" FROM `log`;--> statement-breakpoint
DROP TABLE `log`;--> statement-breakpoint
ALTER TABLE `__new_log` RENAME TO `log`;