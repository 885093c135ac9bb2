namespace DmIoUring.SideBySide.Contests;

/// <summary>What contests and contestants are called where they are declared, and where a target or a plot looks for them.</summary>
internal static class Names
{
    public const string Deep = "deep";
    public const string Single = "single";
    public const string Legs = "legs/tmpfs";
    public const string Jobs = "jobs/tmpfs";
    public const string Depth = "depth";
    public const string Options = "options";
    public const string EngineCost = "engine-cost";
    public const string Memory = "memory";
    public const string FuaFlushes = "fua-flushes";
    public const string Sharing = "sharing";
    public const string Deeper = "deeper/tmpfs";
    public const string Buffers = "buffers";
    public const string Durable = "durable";
    public const string Waits = "waits";

    public const string Reactor = "reactor";
    public const string Lane = "lane";
    public const string Bare = "bare ring";
    public const string Fio = "fio";
    public const string RandomAccess = "RandomAccess.ReadAsync";
    public const string Sync = "sync";
    public const string Preadv2 = "preadv2";
    public const string Await = "lane, awaited";
    public const string Inline = "lane, awaited inline";
    public const string ThreeLegs = "three legs";
    public const string OneLeg = "one leg";
    public const string WhenAll = "Task.WhenAll";
    public const string OneJob = "1 job";
    public const string FourJobs = "4 jobs";
    public const string WithGarbage = ", with garbage";
    public const string Asleep = ", asleep";
    public const string Dsync = "pwritev2, RWF_DSYNC";
    public const string WriteFlush = "pwritev2, fdatasync";
    public const string PoolPointers = "raw pointers, pool";
    public const string Pages = "pages";
    public const string Pointers = "raw pointers";
    public const string IoMemory = "IoMemory";
    public const string Arrays = "arrays";

    /// <summary>The devices that everything deep is measured on.</summary>
    public static readonly IReadOnlyList<Medium> Devices = [Medium.LoopOnTmpfs, Medium.LoopOnFile, Medium.Zram];

    /// <summary>Those that durable writes are measured on: a flush of a file, one that costs nothing, and none.</summary>
    public static readonly IReadOnlyList<Medium> DurableDevices = [Medium.LoopOnFile, Medium.LoopOnTmpfs, Medium.Fua];

    public static string Word(Medium medium) => medium switch
    {
        Medium.Zram => "zram",
        Medium.LoopOnFile => "file",
        Medium.Fua => "fua",
        _ => "tmpfs",
    };

    public static string InWords(Medium medium) => medium switch
    {
        Medium.Zram => "zram",
        Medium.LoopOnFile => "loop over a file",
        Medium.Fua => "a device with FUA (`--fua-device`)",
        _ => "loop over tmpfs",
    };

    public static string On(string contest, Medium medium) => $"{contest}/{Word(medium)}";
}
