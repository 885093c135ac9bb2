using System.CommandLine;
using DmIoUring.Cli.Mirroring;
using DmIoUring.Services;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio mirror</c> with its subcommands.</summary>
internal static class MirrorCommand
{
    public static Command Create(Terminal terminal) =>
        new PagedCommand(
            "mirror", "2 to 64 devices or files as one mirror: create, status, resync, replace",
            "A mirror of 2 to 64 block devices or files, its legs, that survives legs that fail and brings them up to date again. " +
            "Each leg has the data from its first sector on, and the mirror's metadata at its end.")
        {
            CreateCreate(terminal),
            CreateStatus(terminal),
            CreateResync(terminal),
            CreateReplace(terminal),
        };

    private static PagedCommand CreateCreate(Terminal terminal)
    {
        MirrorArguments arguments = new("devices or files, 2 to 64; the first has the data");
        Option<long?> size = new(Vocabulary.Size)
        {
            Description = "the mirror's size; files that do not exist are created as large as needed (what fits on the smallest leg)",
            HelpName = "SIZE",
            CustomParser = result => NumberOption.ParseSize(result, least: 4096, 1L << 54, multiple: 4096),
        };
        Option<long?> region = new("--region-size")
        {
            Description = $"what is copied for a write in flight when the host crashes, {RegionText(MirrorCreateOptions.MinRegionSectors)} to {RegionText(MirrorCreateOptions.MaxRegionSectors)}, a power of two (1M, or more for mirrors above 128G)",
            HelpName = "SIZE",
            CustomParser = ParseRegion,
        };
        Option<bool> equal = new("--assume-equal") { Description = "the legs are equal already, or all is written before it is read: no resync" };
        Option<bool> checksums = new("--checksums") { Description = "give every 4 KiB of the data a checksum: wrong data that a leg returns is found and mended" };
        PagedCommand command = new("create", "make a mirror of devices or files",
            "Makes a mirror. What is on the first LEG stays, except at its end, where the metadata goes: that is OVERWRITTEN. It is copied to the other legs: what is on them is LOST.")
        {
            arguments.Legs, size, region, equal, checksums, arguments.NoResync, arguments.Throttle, arguments.Force,
        };
        arguments.Finish(command);
        command.SetAction((parsed, cancellation) => MirrorRun.ChangeAsync(
            arguments.Request(parsed, MirrorAction.Create) with
            {
                Bytes = parsed.GetValue(size),
                RegionBytes = parsed.GetValue(region),
                AssumeEqual = parsed.GetValue(equal),
                Checksums = parsed.GetValue(checksums),
            },
            arguments.IsJson(parsed), terminal, cancellation));
        return command;
    }

    private static PagedCommand CreateStatus(Terminal terminal)
    {
        MirrorArguments arguments = new("the mirror's legs, in any order");
        PagedCommand command = new("status", "what state a mirror and its legs are in",
            "Reads what the legs' metadata says, and writes nothing. Ends with 0 when all legs are in sync, with 1 when the mirror is degraded, with 2 when it can't be opened.")
        {
            arguments.Legs,
        };
        arguments.Finish(command);
        command.SetAction((parsed, cancellation) => MirrorRun.StatusAsync(parsed.GetValue(arguments.Legs)!, arguments.IsJson(parsed), terminal, cancellation));
        return command;
    }

    private static PagedCommand CreateResync(Terminal terminal)
    {
        MirrorArguments arguments = new("the mirror's legs, in any order");
        Option<bool> missing = new("--allow-missing") { Description = "go on without the legs that were not named" };
        Option<string?> trust = new("--trust")
        {
            Description = "of a split mirror, the LEG that is right: the others become copies of it, and what only they have is LOST",
            HelpName = "LEG",
        };
        PagedCommand command = new("resync", "bring legs up to date",
            "Copies what legs lack from a leg that is in sync, and makes legs equal after a crash. Interrupted, it begins again the next time.")
        {
            arguments.Legs, arguments.Throttle, missing, trust, arguments.Force,
        };
        arguments.Finish(command);
        command.SetAction((parsed, cancellation) => MirrorRun.ChangeAsync(
            arguments.Request(parsed, MirrorAction.Resync) with
            {
                AllowMissing = parsed.GetValue(missing),
                Trusted = parsed.GetValue(trust),
            },
            arguments.IsJson(parsed), terminal, cancellation));
        return command;
    }

    private static PagedCommand CreateReplace(Terminal terminal)
    {
        MirrorArguments arguments = new("the mirror's legs, in any order; the one that goes may be left out");
        Option<int> leg = new("--leg")
        {
            Description = "index of the leg that goes, as status shows it",
            HelpName = "N",
            Required = true,
            CustomParser = result => NumberOption.ParseCount(result, least: 0, most: 63),
        };
        Option<string> with = new("--with")
        {
            Description = "device or file that takes its place: what is on it is LOST; a file that does not exist is created",
            HelpName = "NEW",
            Required = true,
        };
        Option<bool> missing = new("--allow-missing") { Description = "go on without other legs that were not named" };
        PagedCommand command = new("replace", "put another device in a leg's place",
            "Puts a new device in the place of a leg, and copies the mirror's data to it. The old device is left as it is, and is no leg any more.")
        {
            arguments.Legs, leg, with, arguments.NoResync, arguments.Throttle, missing, arguments.Force,
        };
        arguments.Finish(command);
        command.SetAction((parsed, cancellation) => MirrorRun.ChangeAsync(
            arguments.Request(parsed, MirrorAction.Replace) with
            {
                Replaced = parsed.GetValue(leg),
                Replacement = parsed.GetValue(with),
                AllowMissing = parsed.GetValue(missing),
            },
            arguments.IsJson(parsed), terminal, cancellation));
        return command;
    }

    private static string RegionText(long sectors) => NumberOption.SizeText(sectors * IoRegion.SectorSize);

    private static long? ParseRegion(System.CommandLine.Parsing.ArgumentResult result)
    {
        long bytes = NumberOption.ParseSize(result, least: MirrorCreateOptions.MinRegionSectors * IoRegion.SectorSize, MirrorCreateOptions.MaxRegionSectors * IoRegion.SectorSize, multiple: 1);
        if (bytes != 0 && !long.IsPow2(bytes))
            result.AddError($"{NumberOption.NameOf(result)} {result.Tokens[0].Value} must be a power of two");
        return bytes;
    }
}
