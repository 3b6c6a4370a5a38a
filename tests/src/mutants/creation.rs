//! Faults of making a region.

use super::Check::{Process, Unit};
use super::Mutant;
use super::weave::{before, instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "named_before_it_is_filled",
        breaks: "a file gets its name, then its content",
        patches: &[
            before(
                "state/options.rs",
                "new.made(|| self.fill(new.plan, new.region_path.path(), new.file.file(), Beginning::new()))",
                "new.file.link(new.region_path)?;",
            ),
            left_out("state/options.rs", "«new.link(region_path)?;» attach()?"),
            left_out("state/options.rs", "«new.link(region_path)?;» state"),
        ],
        checks: &[Process("race", "one_of_eight_creates_and_all_get_the_same")],
    },
    Mutant {
        name: "name_is_taken_from_another",
        breaks: "a file takes the name of one that is there",
        patches: &[before(
            "os/file/create.rs",
            "self.link_as(region_path, &region_path.name)",
            "let _ = rustix::fs::unlinkat(&region_path.dir, &region_path.name, AtFlags::empty());",
        )],
        checks: &[Process("race", "one_of_eight_creates_and_all_get_the_same")],
    },
    Mutant {
        name: "attached_after_the_name",
        breaks: "a region gets its name although its creator cannot attach",
        patches: &[value(
            "state/options.rs",
            "Err(e) if «e.kind() == ErrorKind::NotFound» => { new.link(region_path)?;",
            "true",
        )],
        checks: &[Process("edges", "a_creator_that_cannot_attach_leaves_no_name")],
    },
    Mutant {
        name: "room_not_reserved",
        breaks: "a file has the length, and not the room",
        patches: &[value("os/file/reserve.rs", "if «is_whole(path, file, &bytes)?» { return Ok(());", "true")],
        checks: &[Process("edges", "holes_are_filled_before_they_can_hurt")],
    },
    Mutant {
        name: "limits_not_asked",
        breaks: "room is reserved although it is not there, until the kernel kills processes",
        patches: &[value("os/file/reserve.rs", "limits == Limits::Respected", "false")],
        checks: &[Process("room", "a_region_that_is_larger_than_the_memory_of_a_control_group_is_refused")],
    },
    Mutant {
        name: "blocks_past_the_end_count",
        breaks: "a file with blocks past a region counts as whole",
        patches: &[
            value("os/file/reserve.rs", "first_hole(path, file)? >= bytes.end", "true"),
            value("os/file/reserve.rs", "pages >= bytes.end.div_ceil(page)", "true"),
        ],
        checks: &[Unit("os::file::reserve::tests::blocks_past_the_end_are_no_room")],
    },
    Mutant {
        name: "pieces_stay_large",
        breaks: "a creation that is interrupted begins the same piece anew for ever",
        patches: &[instead(
            "os/file/reserve.rs",
            "Progress::Interrupted => «size = (size.min(len) / 2).next_multiple_of(page)»",
            "",
        )],
        checks: &[
            Unit("os::file::reserve::tests::interrupted_pieces_get_smaller_and_then_larger_again"),
            Process("room", "a_process_with_a_profilers_timer_can_create_a_region"),
        ],
    },
    Mutant {
        name: "creators_take_no_turns",
        breaks: "processes that create the same region each reserve one of their own",
        patches: &[value("os/file/turn.rs", "plenty || HAS_TURN.get()", "true")],
        checks: &[Process("room", "workers_that_start_together_all_get_in")],
    },
    Mutant {
        name: "caller_chooses_the_directory",
        breaks: "a set-user-id program makes files where its caller wants",
        patches: &[value("os/file/home.rs", "if «borrows_rights» {", "false")],
        checks: &[Process("credentials", "a_set_user_id_program_ignores_its_callers_directory")],
    },
    Mutant {
        name: "directory_mode_left_to_umask",
        breaks: "a umask keeps a user out of the own directory",
        patches: &[value("os/file/home.rs", "mode.contains(Mode::RWXU)", "true")],
        checks: &[Process("credentials", "a_umask_does_not_keep_a_user_out_of_the_own_directory")],
    },
    Mutant {
        name: "layers_are_not_told_apart",
        breaks: "a read-only handle looks at a region in a lower layer of overlayfs, for ever",
        patches: &[value("os/file/kind.rs", "offer(path, fd)?.1 == Offer::Layered", "false")],
        checks: &[Process(
            "file_systems",
            "a_region_in_a_lower_layer_is_not_looked_at_and_one_in_the_upper_layer_is_like_any_other",
        )],
    },
    Mutant {
        name: "living_are_swept",
        breaks: "the temporary name of a living creator is taken away",
        patches: &[value("os/file/create.rs", "if «dead» {", "true")],
        checks: &[Unit("os::file::create::tests::a_temporary_name_is_swept_once_its_creator_is_gone")],
    },
    Mutant {
        name: "dead_are_not_swept",
        breaks: "the temporary name of a dead creator stays",
        patches: &[value("os/file/create.rs", "if «dead» {", "false")],
        checks: &[Unit("os::file::create::tests::a_temporary_name_is_swept_once_its_creator_is_gone")],
    },
];
