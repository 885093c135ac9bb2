namespace DmIoUring.Simulation;

/// <summary>
/// What a seed decides once for a whole run. Every kind of trouble is off in many runs: what is rare everywhere would
/// hide what happens only when one kind comes often and the others do not.
/// </summary>
internal sealed class Scenario
{
    public Scenario(SeededRandom random)
    {
        Capacity = random.OneIn(3) ? random.Next(1, 4) : random.Next(1, 17);
        QueueLength = random.OneIn(3) ? random.Next(1, 4) : random.Next(1, 17);
        ChunkBytes = 4096 << random.Next(5);
        TimeLimit = random.OneIn(4) ? random.NextLong(200_000, 2_000_000_000) : 0;
        Disks = random.Next(1, 5);
        Requests = random.OneIn(4) ? random.Next(1, 4) : random.Next(2, 25);
        Concurrency = random.Next(1, 9);
        MostRegionBytes = 4096 << random.Next(7);
        Short = Often(random);
        Again = Often(random);
        Interrupt = Often(random);
        EndEarly = random.OneIn(4) ? 2 : 0;
        BadSectors = random.OneIn(2) ? random.Next(1, 12) : 0;
        BusySectors = random.OneIn(3) ? random.Next(1, 4) : 0;
        FailFlush = Often(random);
        RefuseEnter = Often(random);
        InterruptEnter = Often(random);
        PartialSubmit = Often(random);
        Late = Often(random);
        Stuck = random.OneIn(4) ? random.Next(1, 8) : 0;
        Stale = Often(random);
        Cancel = random.OneIn(2) ? random.Next(5, 60) : 0;
        PowerCut = random.OneIn(4) ? random.NextLong(20_000, 20_000_000) : 0;
        Pages = random.OneIn(2) ? random.Pick(16, 32, 64, random.Next(16, 96)) : 0;
        ChangesReserve = Pages > 0 && random.OneIn(2);
        RefusesTable = random.OneIn(6);
        HasFixedVectors = !random.OneIn(4);
        HoldsDevices = !random.OneIn(4);
        RefusesFiles = random.OneIn(6);
        IsPlain = random.OneIn(4);
        ClosesDevices = random.OneIn(3);
        SharesRegistrations = random.OneIn(2);
        RefusesClones = random.OneIn(4) ? random.Next(1, 12) : 0;
        if (IsPlain)
        {
            TimeLimit = 0;
            HoldsDevices = true;
            MostRegionBytes = Math.Max(4096, Math.Min(MostRegionBytes, ChunkBytes / 2));
        }
    }

    public int Capacity { get; }

    public int QueueLength { get; }

    public int ChunkBytes { get; }

    /// <summary>Nanoseconds that a request may take; 0 for no limit.</summary>
    public long TimeLimit { get; }

    public int Disks { get; }

    public int Requests { get; set; }

    public int Concurrency { get; }

    public int MostRegionBytes { get; }

    /// <summary>Whether the engine holds devices open between requests, as a lane and a reactor do.</summary>
    public bool HoldsDevices { get; }

    /// <summary>Whether most requests may go the straight way: plain memory, one chunk a region, a callback, nothing else asked for.</summary>
    public bool IsPlain { get; }

    /// <summary>Whether the ring has no table of files.</summary>
    public bool RefusesFiles { get; }

    /// <summary>Whether devices are disposed under way, with and without requests on them.</summary>
    public bool ClosesDevices { get; }

    /// <summary>Percent of the transfers that are cut short; so are the others below percentages of what they may happen to.</summary>
    public int Short { get; }

    public int Again { get; }

    public int Interrupt { get; }

    public int EndEarly { get; }

    /// <summary>Sectors of each disk that fail.</summary>
    public int BadSectors { get; }

    /// <summary>Sectors of each disk that want to be tried again, some for longer than the engine does.</summary>
    public int BusySectors { get; }

    public int FailFlush { get; }

    public int RefuseEnter { get; }

    public int InterruptEnter { get; }

    public int PartialSubmit { get; }

    public int Late { get; }

    public int Stuck { get; }

    public int Stale { get; }

    public int Cancel { get; }

    /// <summary>When the power fails; 0 for never.</summary>
    public long PowerCut { get; }

    /// <summary>Pages that the pool begins with; 0 for no pool.</summary>
    public int Pages { get; }

    public bool ChangesReserve { get; }

    public bool RefusesTable { get; }

    /// <summary>Whether the ring clones its registrations from the pool's table.</summary>
    public bool SharesRegistrations { get; }

    /// <summary>Which clone is refused; 0 for none.</summary>
    public int RefusesClones { get; }

    public bool HasFixedVectors { get; }

    public override string ToString() => FormattableString.Invariant(
        $"capacity {Capacity}, queue {QueueLength}, chunk {ChunkBytes}, limit {TimeLimit} ns, {Disks} disks, {Requests} requests, {Concurrency} at once, pool {Pages} pages");

    private static int Often(SeededRandom random) => random.OneIn(2) ? 0 : random.OneIn(4) ? random.Next(25, 60) : random.Next(1, 25);
}
