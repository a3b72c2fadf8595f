CREATE TABLE `losses` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`lost` integer NOT NULL,
	`undecryptable` integer NOT NULL
);
