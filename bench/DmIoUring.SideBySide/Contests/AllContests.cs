using System.Globalization;

namespace DmIoUring.SideBySide.Contests;

/// <summary>Everything that is measured.</summary>
internal static class AllContests
{
    /// <summary>Rounds of what only plots and tables need.</summary>
    private const int FewRounds = 3;

    /// <summary>Depths of the plot of IOPS against depth.</summary>
    public static readonly IReadOnlyList<int> Depths = [1, 2, 8, 32, 128, 512];

    /// <summary>Depths beyond what a device takes at once, and the one that they are compared with.</summary>
    public static readonly IReadOnlyList<int> DeeperDepths = [128, 512, 2048];

    /// <summary>
    /// The same settings as the reactor's. It takes all completions that are there, as we do: at most 32 at a time was slower where it
    /// made a difference, and so were nonvectored and thread.
    /// </summary>
    private static readonly Contestant Fio = new(
        Names.Fio, Tool.Fio,
        "--ioengine=io_uring", "--rw=randread", "--bs=4096", "--direct=1", "--fixedbufs", "--registerfiles", "--gtod_reduce=1",
        "--iodepth=128", "--iodepth_batch_submit=32", "--iodepth_batch_complete_min=32", "--iodepth_batch_complete_max=128",
        "--norandommap", "--randrepeat=0");

    public static IReadOnlyList<Contest> List { get; } =
    [
        .. Names.Devices.Select(Deep),
        SingleOnTmpfs(),
        Single(Medium.LoopOnFile),
        Single(
            Medium.Zram,
            Contestant.Dmio(Names.Reactor, "--driver reactor --rw randread --iodepth 1"),
            Contestant.Dmio(Names.Lane, "--driver lane --rw randread --iodepth 1"),
            Contestant.Dmio(Names.Await, "--driver lane --completion await --rw randread --iodepth 1"),
            Contestant.Peer(Names.RandomAccess, "randomaccess --rw randread --iodepth 1")),
        new Contest(
            Names.Legs, "4 KiB random writes, one at a time, loop over tmpfs", Medium.ThreeLegs,
            Contestant.Dmio(Names.ThreeLegs, "--driver sync --rw randwrite --destroy"),
            Contestant.Peer(Names.WhenAll, "whenall --rw randwrite --destroy"),
            Contestant.Dmio(Names.OneLeg, "--driver sync --rw randwrite --destroy") with { On = Medium.FirstLeg }),
        new Contest(
            Names.Jobs, "4 KiB random reads, one lane, submitted by threads, 128 under way in all, a quarter of it handed over at once", Medium.LoopOnTmpfs,
            Contestant.Dmio(Names.OneJob, "--driver lane --submit thread --rw randread --numjobs 1 --iodepth 128 --batch 32 --lat off"),
            Contestant.Dmio(Names.FourJobs, "--driver lane --submit thread --rw randread --numjobs 4 --iodepth 32 --batch 8 --lat off")),
        Deeper(),
        Buffers(Medium.LoopOnTmpfs),
        Buffers(Medium.Zram),
        .. Names.DurableDevices.Select(Durable),
        Waits.Of(Medium.LoopOnTmpfs, hasBackgroundLoad: true),
        Waits.Of(Medium.LoopOnFile, hasBackgroundLoad: false),
        Trial(Names.EngineCost, "The engine's own cost, on a ring that does nothing"),
        Trial(Names.Memory, "Memory of one client, reserve of 1,024 pages, depth 1,024"),
        Trial(Names.FuaFlushes, "Flushes of one durable write of 8 MiB to a device without FUA"),
        Trial(Names.Sharing, "Lanes and reactors on one reserve of 1 GiB, and a client's first read"),
        .. Depths.Select(DepthOf),
        .. OptionVariants.DeepDevices.Select(OptionVariants.Deep),
        OptionVariants.Single,
    ];

    public static string DeeperName(string driver, int depth) => string.Create(CultureInfo.InvariantCulture, $"{driver}, {depth} under way");

    public static Entrant OfDepth(int depth, string contestant) => new(DepthId(depth), contestant);

    private static Contest Deep(Medium medium) => new(
        Names.On(Names.Deep, medium), $"4 KiB random reads, 128 under way, {Names.InWords(medium)}", medium,
        Contestant.Dmio(Names.Reactor, "--driver reactor --rw randread --iodepth 128 --batch 32 --lat off"),
        Contestant.Peer(Names.Bare, "bare --iodepth 128 --batch 32 --lat off"),
        Contestant.Dmio(Names.Lane, "--driver lane --rw randread --iodepth 128 --lat off"),
        Fio,
        Contestant.Peer(Names.RandomAccess, "randomaccess --rw randread --iodepth 128 --lat off"));

    /// <summary>Timed, unlike those of the plot: what waits in the engine must not be forgotten there.</summary>
    private static Contest Deeper() => new(
        Names.Deeper, "4 KiB random reads, more under way than the device takes, each timed, loop over tmpfs", Medium.LoopOnTmpfs,
        [
            .. from driver in new[] { (Name: Names.Reactor, Arguments: "--driver reactor --batch 32"), (Name: Names.Lane, Arguments: "--driver lane") }
               from depth in DeeperDepths
               select Contestant.Dmio(
                   DeeperName(driver.Name, depth), string.Create(CultureInfo.InvariantCulture, $"{driver.Arguments} --rw randread --iodepth {depth}")),
        ]);

    private static Contest Buffers(Medium medium)
    {
        const string load = "--driver reactor --rw randread --iodepth 128 --batch 32 --lat off --mem ";
        return new Contest(
            Names.On(Names.Buffers, medium), $"Kinds of memory: 4 KiB random reads, 128 under way, reactor, {Names.InWords(medium)}", medium,
            Contestant.Dmio(Names.PoolPointers, load + "pool"),
            Contestant.Dmio(Names.Pages, load + "pages"),
            Contestant.Dmio(Names.Pointers, load + "pointer"),
            Contestant.Dmio(Names.IoMemory, load + "iomemory"),
            Contestant.Dmio(Names.Arrays, load + "array"));
    }

    private static Contest Durable(Medium medium)
    {
        const string load = " --rw randwrite --durable --destroy --iodepth 1";
        return new Contest(
            Names.On(Names.Durable, medium), $"Durable 4 KiB random writes, one at a time, {Names.InWords(medium)}", medium,
            Contestant.Dmio(Names.Sync, "--driver sync" + load),
            Contestant.Dmio(Names.Reactor, "--driver reactor" + load),
            Contestant.Dmio(Names.Await, "--driver lane --completion await" + load),
            Contestant.Peer(Names.Dsync, "dsync --rw randwrite --destroy"),
            Contestant.Peer(Names.WriteFlush, "writeflush --rw randwrite --destroy"))
        {
            MostRounds = FewRounds,
        };
    }

    private static Contest Single(Medium medium, params IReadOnlyList<Contestant> others) => new(
        Names.On(Names.Single, medium), $"4 KiB random reads, one at a time, {Names.InWords(medium)}", medium,
        [
            Contestant.Dmio(Names.Sync, "--driver sync --rw randread"),
            Contestant.Peer(Names.Preadv2, "preadv2 --rw randread"),
            .. others,
        ]);

    private static Contest SingleOnTmpfs()
    {
        const string garbage = " --garbage 1000000000";
        const string sync = "--driver sync --rw randread";
        const string reactor = "--driver reactor --rw randread --iodepth 1";
        const string awaited = "--driver lane --completion await --rw randread --iodepth 1";
        return new Contest(
            Names.On(Names.Single, Medium.LoopOnTmpfs), "4 KiB random reads, one at a time, loop over tmpfs", Medium.LoopOnTmpfs,
            Contestant.Dmio(Names.Sync, sync),
            Contestant.Peer(Names.Preadv2, "preadv2 --rw randread"),
            Contestant.Dmio(Names.Reactor, reactor),
            Contestant.Dmio(Names.Lane, "--driver lane --rw randread --iodepth 1"),
            Contestant.Dmio(Names.Inline, "--driver lane --completion inline --rw randread --iodepth 1"),
            Contestant.Dmio(Names.Await, awaited),
            Contestant.Peer(Names.RandomAccess, "randomaccess --rw randread --iodepth 1"),
            Contestant.Dmio(Names.Sync + Names.WithGarbage, sync + garbage),
            Contestant.Dmio(Names.Reactor + Names.WithGarbage, reactor + garbage),
            Contestant.Dmio(Names.Await + Names.WithGarbage, awaited + garbage));
    }

    /// <summary>A quarter of the depth at once, as at 128: who waits for more has less under way than it says.</summary>
    private static Contest DepthOf(int depth)
    {
        string settings = string.Create(CultureInfo.InvariantCulture, $"--rw randread --iodepth {depth} --lat off");
        string batch = string.Create(CultureInfo.InvariantCulture, $" --batch {Math.Clamp(depth / 4, 1, 32)}");
        return new Contest(
            DepthId(depth), string.Create(CultureInfo.InvariantCulture, $"4 KiB random reads, {depth} under way, loop over tmpfs"), Medium.LoopOnTmpfs,
            Contestant.Dmio(Names.Reactor, "--driver reactor " + settings + batch),
            Contestant.Dmio(Names.Lane, "--driver lane " + settings),
            Contestant.Peer(Names.RandomAccess, "randomaccess " + settings))
        {
            MostRounds = FewRounds,
        };
    }

    private static Contest Trial(string name, string title) =>
        new(name, title, Medium.None, new Contestant(name, Tool.Trial, name)) { MostRounds = FewRounds };

    private static string DepthId(int depth) => string.Create(CultureInfo.InvariantCulture, $"{Names.Depth}/{depth}");
}
