// Folders of files that are replaced as a whole: whoever opens the path at any moment finds the old ones or the new.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace prelude {

// Puts the folder `fresh`, which is complete, in place of `folder` (which need not be there), and removes the old one.
// All of it is on disk before. One step where the file system can exchange two names
// (Linux: ext4, xfs, btrfs, tmpfs, ...); elsewhere `folder` is missing for a moment, and .FOLDER.old.prelude-new is the
// old one. Throws UserError with the path and the system's reason.
void replace_folder(const std::string& fresh, const std::string& folder);

// Makes `folder` in one step out of the files that `fill` writes into a hidden folder beside it, whose path it is
// given; the one that was there goes. Where `folder` is a link, the folder that it
// names is replaced. Where `fill` throws, `folder` stays as it was.
void write_folder_atomically(const std::string& folder, const std::function<void(const std::string& fresh)>& fill);

// Copies what `folder` holds and `fresh` does not, but for the names in `left`: what somebody put beside the files of a
// command. A `folder` that is not there holds nothing.
void carry_over(const std::string& folder, const std::string& fresh, const std::vector<std::string>& left);

}  // namespace prelude
