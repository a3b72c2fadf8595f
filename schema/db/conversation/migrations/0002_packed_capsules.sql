CREATE TABLE `capsules` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`last_seq` integer NOT NULL,
	`server_time_ms` integer NOT NULL,
	`data` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `capsules` SELECT `seq`, `seq`, `server_time_ms`, json_object(CAST(`seq` AS TEXT), json(`capsules`)) FROM `messages` WHERE `capsules` IS NOT NULL;--> statement-breakpoint
ALTER TABLE `messages` DROP COLUMN `capsules`;