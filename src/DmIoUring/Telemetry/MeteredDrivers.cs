namespace DmIoUring.Telemetry;

/// <summary>The clients and reactors that a meter reports. Any thread; nobody waits.</summary>
internal sealed class MeteredDrivers
{
    private State _state = new([], []);

    /// <summary>Whether there is any.</summary>
    public bool Any => Volatile.Read(ref _state).Live.Length > 0;

    public void Add(IMeteredDriver driver)
    {
        State before;
        do
        {
            before = Volatile.Read(ref _state);
        }
        while (Interlocked.CompareExchange(ref _state, before with { Live = [.. before.Live, driver] }, before) != before);
    }

    /// <summary>Removes a driver whose counters are final, if it is there. What it has counted stays for the next of its name.</summary>
    public void Remove(IMeteredDriver driver)
    {
        State before;
        State after;
        do
        {
            before = Volatile.Read(ref _state);
            if (Array.IndexOf(before.Live, driver) < 0)
                return;
            DriverFigures ended = new();
            if (before.Ended.TryGetValue(driver.Name, out DriverFigures? others))
                ended.AddGrowing(others);
            DriverFigures own = new();
            driver.AddTo(own);
            ended.AddGrowing(own);
            after = new State(Array.FindAll(before.Live, one => one != driver), new(before.Ended, StringComparer.Ordinal) { [driver.Name] = ended });
        }
        while (Interlocked.CompareExchange(ref _state, after, before) != before);
    }

    /// <summary>The sums by name, of names that somebody alive has.</summary>
    public Dictionary<string, DriverFigures> Read()
    {
        State state = Volatile.Read(ref _state);
        Dictionary<string, DriverFigures> sums = new(StringComparer.Ordinal);
        foreach (IMeteredDriver driver in state.Live)
        {
            if (!sums.TryGetValue(driver.Name, out DriverFigures? sum))
            {
                sums[driver.Name] = sum = new DriverFigures();
                if (state.Ended.TryGetValue(driver.Name, out DriverFigures? ended))
                    sum.AddGrowing(ended);
            }

            driver.AddTo(sum);
        }

        return sums;
    }

    /// <summary>Never changed, only replaced.</summary>
    private sealed record State(IMeteredDriver[] Live, Dictionary<string, DriverFigures> Ended);
}
