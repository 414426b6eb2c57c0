/**
 * The profile that ships with this version; both the parties and the secretariat hold it.
 */
import { parseProfile, profileDigest, type Profile } from "./profile.ts";
import region from "./profiles/region.json" with { type: "json" };

export const SHIPPED_PROFILE: Profile = parseProfile(region);

/** SHA-256 of the shipped profile, base64url, 43 characters. */
export const SHIPPED_PROFILE_DIGEST = profileDigest(SHIPPED_PROFILE);
