/** The path of the program locum; throws where no package has it for this platform. */
declare function binary(): string;
export = binary;
