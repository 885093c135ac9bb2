namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>Which change of a mirror: numbers go up, and the session, another random number each time the mirror is opened, tells two changes with one number apart.</summary>
internal readonly record struct ChangeStamp(long Number, ulong Session)
{
    public const int Bytes = 16;
}
