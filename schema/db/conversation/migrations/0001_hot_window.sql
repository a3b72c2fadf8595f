ALTER TABLE `conversation` ADD `pruned_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `members` ADD `read_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `members` SET `read_count` = coalesce((SELECT `first_member_count` FROM `messages` WHERE `seq` = `read_seq`), 0);
