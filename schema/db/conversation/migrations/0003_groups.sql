CREATE TABLE `departures` (
	`account` text PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `group_head` (
	`epoch` integer PRIMARY KEY NOT NULL,
	`op_hash` text NOT NULL,
	`rotation_epoch` integer NOT NULL,
	`settings_epoch` integer NOT NULL,
	`settings` text NOT NULL,
	`invite` text,
	`dissolved` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `operations` (
	`epoch` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`operation` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sender_keys` (
	`account` text NOT NULL,
	`device` integer NOT NULL,
	`key_id` text NOT NULL,
	`generation` integer NOT NULL,
	`holders` text NOT NULL,
	PRIMARY KEY(`account`, `device`, `key_id`)
);
--> statement-breakpoint
ALTER TABLE `conversation` ADD `told_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `conversation` ADD `counted_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `conversation` ADD `key_generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `conversation` ADD `lost_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `conversation` ADD `undecryptable_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `devices` ADD `since_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `devices` ADD `slot` integer;--> statement-breakpoint
ALTER TABLE `members` ADD `unread_base` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `base_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `sent_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `role` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `joined_epoch` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `joined_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `messages` ADD `content` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `messages` ADD `silent_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `messages` ADD `devices` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `members` SET `base_seq` = coalesce((SELECT max(`seq`) FROM `messages`), 0);--> statement-breakpoint
UPDATE `members` SET
	`unread_base` = `read_seq` + CASE `position`
		WHEN 0 THEN coalesce((SELECT `first_member_count` FROM `messages` ORDER BY `seq` DESC LIMIT 1), 0) - `read_count`
		ELSE `base_seq` - coalesce((SELECT `first_member_count` FROM `messages` ORDER BY `seq` DESC LIMIT 1), 0) - `read_seq` + `read_count` END,
	`sent_seq` = CASE
		WHEN `position` = 0 AND coalesce((SELECT `first_member_count` FROM `messages` ORDER BY `seq` DESC LIMIT 1), 0) = 0 THEN 0
		WHEN `position` <> 0 AND coalesce((SELECT `first_member_count` FROM `messages` ORDER BY `seq` DESC LIMIT 1), 0) = `base_seq` THEN 0
		ELSE `base_seq` END;--> statement-breakpoint
UPDATE `conversation` SET `counted_seq` = coalesce((SELECT max(`seq`) FROM `messages`), 0), `told_seq` = coalesce((SELECT min(`notified_seq`) FROM `members`), 0);
