using Microsoft.Extensions.Options;

namespace DmIoUring.Extensions.Hosting;

/// <summary>Checks the settings when the host starts, by the client's own rules.</summary>
internal sealed class DmIoSettingsValidation : IValidateOptions<DmIoSettings>
{
    private const long MostPages = 1L << 28;

    public ValidateOptionsResult Validate(string? name, DmIoSettings options)
    {
        List<string> failures = [];
        try
        {
            options.ToOptions().Validate();
        }
        catch (ArgumentOutOfRangeException exception)
        {
            failures.Add(exception.Message);
        }

        if (options.ReservedPages is < 0 or > MostPages)
            failures.Add(FormattableString.Invariant($"ReservedPages is {options.ReservedPages}; it must be 0 to {MostPages}."));
        if (options.StallLimit <= TimeSpan.Zero)
            failures.Add(FormattableString.Invariant($"StallLimit is {options.StallLimit}; it must be more than zero."));
        if (options.OldestRequestLimit <= TimeSpan.Zero)
            failures.Add(FormattableString.Invariant($"OldestRequestLimit is {options.OldestRequestLimit}; it must be more than zero."));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
