CREATE TABLE `profiles` (
	`device` integer NOT NULL,
	`profile` text NOT NULL,
	`epoch` integer NOT NULL,
	`burnt` integer NOT NULL,
	`present` integer NOT NULL,
	`seen_at_ms` integer NOT NULL,
	PRIMARY KEY(`device`, `profile`)
);
