export { createDatabase, freshDatabase, type Role } from './database.ts';
