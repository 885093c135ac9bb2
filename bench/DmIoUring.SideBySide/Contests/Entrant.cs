namespace DmIoUring.SideBySide.Contests;

/// <summary>A contestant of a contest, by name.</summary>
internal readonly record struct Entrant(string Contest, string Contestant)
{
    public override string ToString() => $"{Contest}: {Contestant}";
}
